// The ways into a breaker. Each holds calls open, as a scenario's permits are, and ends them as it is told.

import 'dart:async';

import 'package:k1s0_circuit_breaker/circuit_breaker.dart';
import 'package:test/test.dart';

/// What a guarded function throws so that its call ends so, and what the server asks for with it.
final class Thrown implements Exception {
  Thrown(this.how, [this.retryAfter]);

  final String how;
  final Duration? retryAfter;
}

/// What every breaker of the suite is made with. A failure without a wish is left to the default.
Verdict? classifyError(Object error, StackTrace stackTrace) {
  if (error is! Thrown) {
    return null;
  }
  return switch (error.how) {
    'ignored' => Verdict.ignored,
    'cancelled' || 'cancel' => Verdict.cancelled,
    _ => error.retryAfter == null ? null : Verdict(Outcome.failure, retryAfter: error.retryAfter),
  };
}

/// What a whole call comes to: a value to return, or something to throw.
Object ending(String result, [Duration? retryAfter]) => switch (result) {
  'success' => Object(),
  'panic' => StateError('unexpected'),
  _ => Thrown(result, retryAfter),
};

Object end(Object token) {
  if (token is Thrown || token is Error) {
    // ignore: only_throw_errors
    throw token;
  }
  return token;
}

/// Sees that what the function did came back unchanged. A rejection goes on.
void endedAs(String result, Object token, Object? found, Object? error) {
  if (error != null && !identical(error, token)) {
    // ignore: only_throw_errors
    throw error;
  }
  expect(error == null, result == 'success');
  if (error == null) {
    expect(identical(found, token), isTrue);
  }
}

abstract class Entry {
  Entry(this.breaker);

  final CircuitBreaker breaker;

  /// Begins a call and holds it.
  FutureOr<void> acquire(String name);

  /// Ends a held call; what the settlement did, where that is said.
  FutureOr<Effect?> settle(String name, String outcome, Duration? retryAfter);

  /// Abandons a held call.
  FutureOr<void> drop(String name);

  /// A whole call.
  FutureOr<void> call(String result, void Function() meanwhile);
}

/// `acquire()` and a permit's own methods.
class Permits extends Entry {
  Permits(super.breaker);

  final held = <String, Permit>{};

  Permit begin() => breaker.acquire();

  @override
  void acquire(String name) => held[name] = begin();

  @override
  Effect settle(String name, String outcome, Duration? retryAfter) {
    final permit = held[name]!;
    return switch (outcome) {
      'success' => permit.success(),
      'failure' => permit.failure(retryAfter: retryAfter),
      'ignored' => permit.ignore(),
      _ => permit.cancel(),
    };
  }

  @override
  void drop(String name) => held[name]?.cancel();

  @override
  void call(String result, void Function() meanwhile) {
    final permit = begin();
    meanwhile();
    expect(permit.settled, isFalse);
    permit.settle(switch (result) {
      'success' => Outcome.success,
      'ignored' => Outcome.ignored,
      'cancel' => Outcome.cancelled,
      _ => Outcome.failure,
    });
    expect(permit.settled, isTrue);
    expect(permit.cancel(), Effect.alreadySettled);
  }
}

/// `acquire()`, and `settle()` with an outcome.
class Settle extends Permits {
  Settle(super.breaker);

  @override
  Effect settle(String name, String outcome, Duration? retryAfter) =>
      held[name]!.settle(Outcome.values.byName(outcome), retryAfter: retryAfter);
}

/// `await breaker.call(function)`; a held call is one whose future is pending.
class Call extends Entry {
  Call(super.breaker);

  final held = <String, ({Completer<Object> finish, Future<Object> future})>{};

  Future<Object> start(FutureOr<Object> Function() action) => breaker.call(action);

  @override
  Future<void> acquire(String name) async {
    final finish = Completer<Object>();
    var ran = false;
    final future = start(() {
      ran = true;
      return finish.future;
    });
    if (!ran) {
      await future;
      fail('neither ran nor rejected');
    }
    future.ignore();
    held[name] = (finish: finish, future: future);
  }

  @override
  Future<Effect?> settle(String name, String outcome, Duration? retryAfter) async {
    final call = held.remove(name);
    if (call == null) {
      return null;
    }
    final token = ending(outcome, retryAfter);
    if (outcome == 'success') {
      call.finish.complete(token);
    } else {
      call.finish.completeError(token);
    }
    await _ended(outcome, token, call.future);
    return null;
  }

  @override
  Future<void> drop(String name) => settle(name, 'cancelled', null);

  @override
  Future<void> call(String result, void Function() meanwhile) {
    final token = ending(result);
    return _ended(
      result,
      token,
      start(() async {
        meanwhile();
        return end(token);
      }),
    );
  }

  Future<void> _ended(String result, Object token, Future<Object> future) async {
    Object? found, error;
    try {
      found = await future;
    } catch (caught) {
      error = caught;
    }
    endedAs(result, token, found, error);
  }
}

/// The same of a breaker as a function, and of a function that may answer at once.
class Callable extends Call {
  Callable(super.breaker);

  @override
  Future<Object> start(FutureOr<Object> Function() action) => breaker(action);

  @override
  Future<void> call(String result, void Function() meanwhile) {
    final token = ending(result);
    return _ended(
      result,
      token,
      start(() {
        meanwhile();
        return end(token);
      }),
    );
  }
}

/// `breaker.callSync(function)`. What a scenario does while the call is held, it does inside of the function; so it must
/// end the calls that it holds in the reverse order.
class CallSync extends Entry {
  CallSync(super.breaker);

  /// [meanwhile] plays on, and answers how this call ends.
  void hold(({String outcome, Duration? retryAfter}) Function() meanwhile) {
    late String outcome;
    late Object token;
    _run(() {
      final ended = meanwhile();
      outcome = ended.outcome;
      token = ending(outcome, ended.retryAfter);
      return end(token);
    }, () => (outcome, token));
  }

  @override
  void call(String result, void Function() meanwhile) {
    final token = ending(result);
    _run(() {
      meanwhile();
      return end(token);
    }, () => (result, token));
  }

  void _run(Object Function() action, (String, Object) Function() expected) {
    Object? found;
    try {
      found = breaker.callSync(action);
    } on CircuitBreakerException {
      rethrow;
    } on TestFailure {
      rethrow;
    } catch (error) {
      final (outcome, token) = expected();
      return endedAs(outcome, token, null, error);
    }
    final (outcome, token) = expected();
    endedAs(outcome, token, found, null);
  }

  @override
  void acquire(String name) => throw UnsupportedError('held by hold()');

  @override
  Effect? settle(String name, String outcome, Duration? retryAfter) => throw UnsupportedError('ended inside');

  @override
  void drop(String name) => throw UnsupportedError('ended inside');
}
