/// The part of package:test that this package's tests use, for machines without pub. Where there is pub, `dart test` uses
/// the real one, and this is not looked at.
library;

import 'dart:async';

import 'src/matchers.dart';

export 'src/matchers.dart';

typedef _Body = FutureOr<void> Function();

/// A test: what surrounds it, and itself.
final class Declared {
  Declared._(this.name, this.body, this._group);

  final String name;
  final _Body body;
  final _Group _group;

  /// Runs it, with what its groups want before and after.
  Future<void> run() => _group.around(body);
}

final class _Group {
  _Group(this.parent, this.name);

  final _Group? parent;
  final String name;
  final List<_Body> before = [];
  final List<_Body> after = [];

  String nameOf(String test) => [
    for (_Group? group = this; group != null; group = group.parent)
      if (group.name.isNotEmpty) group.name,
  ].reversed.followedBy([test]).join(' ');

  Future<void> around(_Body body) async {
    Future<void> inside() async {
      for (final step in before) {
        await step();
      }
      try {
        await body();
      } finally {
        for (final step in after.reversed) {
          await step();
        }
      }
    }

    final parent = this.parent;
    return parent == null ? inside() : parent.around(inside);
  }
}

/// The tests of a file, in their order, and what comes after them.
final class Suite {
  final List<Declared> tests = [];
  final List<_Body> afterAll = [];
  _Group _group = _Group(null, '');

  /// What `main` of a test file declares.
  static Suite of(void Function() main) {
    final suite = _current = Suite();
    main();
    return suite;
  }
}

Suite _current = Suite();

/// A test that is to be skipped fails: here there is everything that it needs.
void test(String description, _Body body, {String? skip}) {
  final group = _current._group;
  final run = skip == null ? body : () => fail('skipped: $skip');
  _current.tests.add(Declared._(group.nameOf(description), run, group));
}

void group(String description, void Function() body) {
  final outer = _current._group;
  _current._group = _Group(outer, description);
  body();
  _current._group = outer;
}

void setUp(_Body body) => _current._group.before.add(body);

void tearDown(_Body body) => _current._group.after.add(body);

void tearDownAll(_Body body) => _current.afterAll.add(body);
