// What is let go of is freed, and no slot is lost for good.

import 'dart:async';
import 'dart:io' show ProcessInfo;

import 'package:k1s0_circuit_breaker/circuit_breaker.dart';
import 'package:test/test.dart';

void main() {
  test('breakers that nobody has any more are freed', () async {
    final count = 1000000;
    Future<int> make(int breakers) async {
      for (var made = 0; made < breakers; made += 1) {
        CircuitBreaker(const CircuitBreakerConfig(failureRate: 0.5)).callSync(() => made);
        if (made % 1000 == 0) {
          // Finalizers run between events.
          await Future<void>.delayed(Duration.zero);
        }
      }
      return ProcessInfo.currentRss;
    }

    final first = await make(count ~/ 2);
    final then = await make(count ~/ 2);
    // ignore: avoid_print
    print('$count breakers made and collected: $first bytes after the first half, $then after the second');
    expect(then - first, lessThan(16 << 20));
  });

  test('breakers that are closed are freed', () {
    int make(int breakers) {
      for (var made = 0; made < breakers; made += 1) {
        CircuitBreaker(const CircuitBreakerConfig())
          ..trip()
          ..close();
      }
      return ProcessInfo.currentRss;
    }

    final first = make(500000);
    expect(make(500000) - first, lessThan(16 << 20));
  });

  test('calls go on while breakers are collected', () async {
    final breaker = CircuitBreaker(const CircuitBreakerConfig());
    final held = <List<int>>[];
    for (var round = 0; round < 200; round += 1) {
      for (var call = 0; call < 50; call += 1) {
        // Kept alive by its own call only.
        final inside = CircuitBreaker(const CircuitBreakerConfig()).call(() async {
          held.add(List.filled(1000, call));
          await Future<void>.delayed(Duration.zero);
          return call;
        });
        expect(await inside, call);
        breaker.callSync(() => call);
      }
      held.clear();
    }
    expect(breaker.metrics().successCount, 10000);
  });

  test('a probe that never ends loses its slot after the probe timeout', () async {
    var now = Duration.zero;
    final breaker = CircuitBreaker(
      const CircuitBreakerConfig(successThreshold: 1, timeout: Duration(seconds: 1), probeTimeout: Duration(seconds: 5)),
      clock: () => now,
    );
    final abandoned = 100000;
    for (var time = 0; time < abandoned; time += 1) {
      breaker.trip();
      now += const Duration(seconds: 1);
      breaker.call(() => Completer<void>().future).ignore();
      expect(breaker.metrics().probesInFlight, 1);
      expect(() => breaker.callSync(() => 1), throwsA(isA<CircuitBreakerException>()));
      now += const Duration(seconds: 5);
      // Given up: the circuit opens for another wait, and then there is a slot.
      expect(() => breaker.callSync(() => 1), throwsA(isA<CircuitBreakerException>()));
      now += const Duration(seconds: 1);
      expect(breaker.callSync(() => 1), 1);
      expect(breaker.state, CircuitState.closed);
    }
    // ignore: avoid_print
    print('$abandoned futures abandoned: 0 slots lost');
  });

  test('a forgotten permit of a probe gives its slot back when it is collected', () async {
    final breaker = CircuitBreaker(
      const CircuitBreakerConfig(timeout: Duration.zero, probeTimeout: CircuitBreakerConfig.never),
    );
    breaker
      ..trip()
      ..tryAcquire();
    expect(breaker.tryAcquire(), isNull);
    final garbage = <Object>[];
    for (var round = 0; breaker.metrics().probesInFlight > 0; round += 1) {
      expect(round, lessThan(10000), reason: 'the permit was not collected');
      garbage.add(List.filled(100000, round));
      if (round % 20 == 0) {
        garbage.clear();
      }
      await Future<void>.delayed(Duration.zero);
    }
    expect(breaker.metrics().cancelledCount, 1);
  });
}
