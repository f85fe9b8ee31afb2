/// Runs test files one after the other.
library;

import 'dart:async';
import 'dart:io';

import 'coverage.dart';
import 'src/matchers.dart';
import 'test.dart';

/// Runs the tests of these files whose names contain [only], and ends the process: 0 if all passed, and of all of
/// [package]'s lines as many were run as its coverage is to be.
Future<void> runAll(Map<String, void Function()> files, {required String package, String only = ''}) async {
  var passed = 0, failed = 0;
  Future<void> one(String name, FutureOr<void> Function() body) async {
    final error = await _guarded(body);
    if (error == null) {
      passed += 1;
      stdout.writeln('ok $name');
    } else {
      failed += 1;
      stdout.writeln('FAILED $name\n$error');
    }
  }

  for (final MapEntry(key: file, value: main) in files.entries) {
    final suite = Suite.of(main);
    final tests = suite.tests.where((test) => '$file ${test.name}'.contains(only)).toList();
    for (final test in tests) {
      await one('$file ${test.name}', test.run);
    }
    if (tests.length == suite.tests.length) {
      for (final (index, body) in suite.afterAll.indexed) {
        final error = await _guarded(body);
        if (error != null) {
          failed += 1;
          stdout.writeln('FAILED $file tearDownAll ${index + 1}\n$error');
        }
      }
    }
  }
  if (only.isEmpty && !await _isCovered(package)) {
    failed += 1;
  }
  stdout.writeln('tests: $passed passed, $failed failed');
  await stdout.flush();
  exit(failed == 0 ? 0 : 1);
}

/// The specification's goal.
const _goal = 0.9;

Future<bool> _isCovered(String package) async {
  var run = 0, all = 0;
  for (final MapEntry(key: file, value: lines) in (await linesOf(package)).entries) {
    final missed = [
      for (final MapEntry(key: line, value: hit) in lines.entries)
        if (!hit) line,
    ]..sort();
    run += lines.length - missed.length;
    all += lines.length;
    if (missed.isNotEmpty) {
      stdout.writeln('not run in $file: ${missed.join(' ')}');
    }
  }
  stdout.writeln('coverage: ${(100 * run / all).toStringAsFixed(1)} % of $all lines');
  return run >= _goal * all;
}

/// What went wrong, also in what nobody waits for.
Future<String?> _guarded(FutureOr<void> Function() body) {
  final done = Completer<String?>();
  String? uncaught;
  runZonedGuarded(
    () async {
      try {
        await body();
        await Future.wait(pending);
        pending.clear();
        if (!done.isCompleted) {
          done.complete(uncaught);
        }
      } catch (error, stackTrace) {
        if (!done.isCompleted) {
          done.complete('$error\n$stackTrace');
        }
      }
    },
    (error, stackTrace) {
      uncaught = 'uncaught: $error\n$stackTrace';
      if (!done.isCompleted) {
        done.complete(uncaught);
      }
    },
  );
  return done.future;
}
