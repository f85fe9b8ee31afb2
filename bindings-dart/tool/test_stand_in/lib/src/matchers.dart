import 'dart:async';

/// An expectation that was not met.
final class TestFailure implements Exception {
  TestFailure(this.message);

  final String message;

  @override
  String toString() => message;
}

/// Says whether something is as it is to be.
abstract class Matcher {
  const Matcher();

  /// Null if [item] is as it is to be, otherwise what is wrong.
  FutureOr<String?> mismatch(Object? item);
}

final class _Check extends Matcher {
  const _Check(this.what, this.check);

  final String what;
  final bool Function(Object? item) check;

  @override
  String? mismatch(Object? item) => check(item) ? null : '$item is not $what';
}

Matcher _of(Object? matcher) => matcher is Matcher ? matcher : equals(matcher);

Matcher equals(Object? expected) => _Check('$expected', (item) => _same(expected, item));

bool _same(Object? one, Object? other) {
  if (one is List && other is List) {
    return one.length == other.length && [for (var at = 0; at < one.length; at += 1) at].every((at) => _same(one[at], other[at]));
  }
  if (one is Map && other is Map) {
    return one.length == other.length && one.keys.every((key) => other.containsKey(key) && _same(one[key], other[key]));
  }
  return one == other;
}

final Matcher isTrue = equals(true);
final Matcher isFalse = equals(false);
final Matcher isNull = equals(null);
final Matcher isNotNull = _Check('something', (item) => item != null);
final Matcher isEmpty = _Check('empty', (item) => item is String ? item.isEmpty : (item! as Iterable).isEmpty);

Matcher same(Object? expected) => _Check('the same as $expected', (item) => identical(item, expected));

Matcher contains(Object? expected) => _Check(
  'something that contains $expected',
  (item) => item is String ? item.contains(expected! as Pattern) : (item! as Iterable).contains(expected),
);

Matcher greaterThan(num limit) => _Check('greater than $limit', (item) => (item! as num) > limit);

Matcher greaterThanOrEqualTo(num limit) => _Check('at least $limit', (item) => (item! as num) >= limit);

Matcher lessThan(num limit) => _Check('less than $limit', (item) => (item! as num) < limit);

Matcher lessThanOrEqualTo(num limit) => _Check('at most $limit', (item) => (item! as num) <= limit);

TypeMatcher<T> isA<T>() => TypeMatcher<T>._(const []);

final class TypeMatcher<T> extends Matcher {
  const TypeMatcher._(this._features);

  final List<(Object? Function(T), String, Matcher)> _features;

  TypeMatcher<T> having(Object? Function(T) feature, String description, Object? matcher) =>
      TypeMatcher._([..._features, (feature, description, _of(matcher))]);

  @override
  Future<String?> mismatch(Object? item) async {
    if (item is! T) {
      return '$item (${item.runtimeType}) is no $T';
    }
    for (final (feature, description, matcher) in _features) {
      final wrong = await matcher.mismatch(feature(item));
      if (wrong != null) {
        return '$description: $wrong';
      }
    }
    return null;
  }
}

Matcher throwsA(Object? matcher) => _Throws(_of(matcher));

final Matcher throwsStateError = throwsA(isA<StateError>());
final Matcher throwsArgumentError = throwsA(isA<ArgumentError>());

final class _Throws extends Matcher {
  const _Throws(this.matcher);

  final Matcher matcher;

  @override
  FutureOr<String?> mismatch(Object? item) {
    try {
      final answer = item is Function ? (item as Object? Function())() : item;
      if (answer is Future<Object?>) {
        return answer.then((value) => 'answered $value', onError: (Object error) => matcher.mismatch(error));
      }
      return 'answered $answer';
    } catch (error) {
      return matcher.mismatch(error);
    }
  }
}

Never fail(String message) => throw TestFailure(message);

/// What is checked later is an error of the zone if it is wrong, as in package:test.
void expect(Object? actual, Object? matcher, {String? reason}) {
  final found = _of(matcher).mismatch(actual);
  if (found is Future<String?>) {
    pending.add(found.then((wrong) => _judge(wrong, reason)));
  } else {
    _judge(found, reason);
  }
}

Future<void> expectLater(Object? actual, Object? matcher, {String? reason}) async =>
    _judge(await _of(matcher).mismatch(actual), reason);

/// Expectations that the runner has to wait for.
final List<Future<void>> pending = [];

void _judge(String? wrong, String? reason) {
  if (wrong != null) {
    throw TestFailure(reason == null ? wrong : '$wrong ($reason)');
  }
}
