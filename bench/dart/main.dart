// What a call costs beside a breaker written in Dart for the comparison. There is no well-kept one on pub to compare with.

import 'dart:async';
import 'dart:io';

import 'package:k1s0_circuit_breaker/circuit_breaker.dart';

import 'plain.dart';
import 'report.dart';

final _rounds = quick ? 3 : 31;
final _calls = quick ? 2000 : 200000;

/// Nanoseconds per call, the median of the rounds; of what takes long, one call of so many.
double _sync(int Function(int call) body, {int every = 1}) {
  final calls = _calls ~/ every;
  var sink = 0;
  final times = <double>[];
  for (var round = 0; round < _rounds; round += 1) {
    final watch = Stopwatch()..start();
    for (var call = 0; call < calls; call += 1) {
      sink += body(call);
    }
    times.add(watch.elapsedMicroseconds * 1000 / calls);
  }
  if (sink == 42) {
    stdout.writeln('');
  }
  return median(times);
}

Future<double> _async(Future<int> Function(int call) body) async {
  final times = <double>[];
  for (var round = 0; round < _rounds; round += 1) {
    final watch = Stopwatch()..start();
    for (var call = 0; call < _calls ~/ 4; call += 1) {
      await body(call);
    }
    times.add(watch.elapsedMicroseconds * 1000 / (_calls ~/ 4));
  }
  return median(times);
}

Future<int> _answer(int call) async => call;

int _rejected(void Function() call) {
  try {
    call();
  } on CircuitBreakerException {
    return 1;
  } on PlainOpen {
    return 1;
  }
  return 0;
}

Future<void> main(List<String> arguments) async {
  final ours = CircuitBreaker(const CircuitBreakerConfig());
  final window = CircuitBreaker(const CircuitBreakerConfig(failureRate: 0.5));
  final timed = CircuitBreaker(const CircuitBreakerConfig(failureRate: 0.5, windowTime: Duration(seconds: 10)));
  final plain = PlainBreaker(5, const Duration(seconds: 30));
  final openOurs = CircuitBreaker(const CircuitBreakerConfig(timeout: Duration(days: 1)))..trip();
  final openPlain = PlainBreaker(1, const Duration(days: 1));
  try {
    openPlain.callSync<int>(() => throw const FormatException());
  } on FormatException {
    // Now it is open.
  }

  // Twice, and the first time is for the compiler.
  for (var time = 0; time < 2; time += 1) {
    rows
      ..clear()
      ..addAll([
        Row('bare call of a closure', _sync((call) => _call(() => call))),
        Row('written in Dart, sync', _sync((call) => plain.callSync(() => call))),
        Row('k1s0, sync', _sync((call) => ours.callSync(() => call)), beside: 'written in Dart, sync', limit: 2),
        Row('k1s0, sync, last 100 calls', _sync((call) => window.callSync(() => call)), beside: 'written in Dart, sync'),
        Row('k1s0, sync, last 10 s', _sync((call) => timed.callSync(() => call)), beside: 'written in Dart, sync'),
        Row('bare await', await _async(_answer)),
        Row('written in Dart, async', await _async((call) => plain.call(() => _answer(call)))),
        Row('k1s0, async', await _async((call) => ours.call(() => _answer(call))), beside: 'written in Dart, async'),
        Row('written in Dart, rejected', _sync((call) => _rejected(() => openPlain.callSync(() => call)), every: 20)),
        Row(
          'k1s0, rejected',
          _sync((call) => _rejected(() => openOurs.callSync(() => call)), every: 20),
          beside: 'written in Dart, rejected',
        ),
      ]);
  }
  final report = reportOf(Platform.version);
  stdout.write(report);
  if (arguments case [final path]) {
    File(path).writeAsStringSync(report);
  }
  exit(quick || reached ? 0 : 1);
}

@pragma('vm:never-inline')
int _call(int Function() action) => action();
