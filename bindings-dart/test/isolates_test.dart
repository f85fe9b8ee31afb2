// One breaker for all isolates of a process.

import 'dart:async';
import 'dart:isolate';

import 'package:k1s0_circuit_breaker/circuit_breaker.dart';
import 'package:test/test.dart';

const _config = CircuitBreakerConfig(failureThreshold: 3);

CircuitBreaker _shared(String name) => CircuitBreaker.shared(_config, name: name);

/// What another isolate does with it; answers with the state that it sees.
Future<CircuitState> _elsewhere(String name, int successes, int failures) => Isolate.run(() async {
  final breaker = _shared(name);
  for (var time = 0; time < successes; time += 1) {
    breaker.callSync(() => time);
  }
  for (var time = 0; time < failures; time += 1) {
    try {
      await breaker.call(() => throw const FormatException('no'));
    } on FormatException {
      // As it was to be.
    }
  }
  final state = breaker.state;
  breaker.close();
  return state;
});

void main() {
  test('what fails in one isolate opens it for all', () async {
    final breaker = _shared('opens');
    expect(await _elsewhere('opens', 0, 3), CircuitState.open);
    expect(breaker.isOpen, isTrue);
    expect(() => breaker.callSync(() => 1), throwsA(isA<CircuitBreakerException>().having((it) => it.name, 'name', 'opens')));
    // The same clock: what the other isolate began to wait for is what is left here.
    final left = breaker.metrics().remainingWait!;
    expect(left > const Duration(seconds: 20) && left <= const Duration(seconds: 30), isTrue, reason: '$left');
    breaker.close();
  });

  test('totals are exact', () async {
    final breaker = _shared('counts');
    const each = 100000;
    final others = [for (var isolate = 0; isolate < 4; isolate += 1) _elsewhere('counts', each, 0)];
    for (var time = 0; time < each; time += 1) {
      breaker.callSync(() => time);
      if (time % 1000 == 0) {
        await Future<void>.delayed(Duration.zero);
      }
    }
    await Future.wait(others);
    expect(breaker.metrics().successCount, 5 * each);
    breaker.close();
  });

  test('with the last who has it, it is gone', () {
    final first = _shared('gone')..trip();
    final second = _shared('gone');
    first.close();
    expect(second.isOpen, isTrue);
    second.close();
    final fresh = _shared('gone');
    expect(fresh.isOpen, isFalse);
    fresh.close();
  });

  test('another configuration, and what is no name, are refused', () {
    final breaker = _shared('mine');
    expect(() => CircuitBreaker.shared(const CircuitBreakerConfig(), name: 'mine'), throwsArgumentError);
    expect(() => CircuitBreaker.shared(_config, name: ''), throwsArgumentError);
    expect(() => CircuitBreaker.shared(_config, name: 'é' * 513), throwsArgumentError);
    breaker.close();
  });

  test('isolates that end in mid-call take nothing with them', () async {
    final breaker = _shared('killed');
    for (var time = 0; time < 20; time += 1) {
      final started = ReceivePort();
      final exited = ReceivePort();
      final isolate = await Isolate.spawn(_stuck, started.sendPort, onExit: exited.sendPort);
      await started.first;
      isolate.kill(priority: Isolate.immediate);
      await exited.first;
    }
    expect(breaker.callSync(() => 1), 1);
    expect(breaker.state, CircuitState.closed);
    breaker.close();
  });
}

Future<void> _stuck(SendPort started) async {
  await _shared('killed').call(() {
    started.send(null);
    return Completer<void>().future;
  });
}
