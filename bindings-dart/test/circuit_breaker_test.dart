// What a user of the specification's names relies on, and of what comes besides.

import 'dart:async';

import 'package:k1s0_circuit_breaker/circuit_breaker.dart';
import 'package:test/test.dart';

const _two = CircuitBreakerConfig(failureThreshold: 2, successThreshold: 1, timeout: Duration(seconds: 30));

void main() {
  var now = Duration.zero;
  late CircuitBreaker breaker;

  setUp(() {
    now = Duration.zero;
    breaker = CircuitBreaker(_two, name: 'users', clock: () => now);
  });

  Future<void> failTwice() async {
    for (var time = 0; time < 2; time += 1) {
      await expectLater(() => breaker.call(() => throw const FormatException('no')), throwsA(isA<FormatException>()));
    }
  }

  group('the specification', () {
    test('names', () {
      const CircuitBreakerState state = CircuitState.closed;
      expect(breaker.state, state);
      expect(breaker.isOpen, isFalse);
      const CircuitBreakerError error = CircuitBreakerException(RejectReason.open);
      expect('$error', 'CircuitBreakerException: circuit breaker is open');
      breaker.recordSuccess();
      breaker.recordFailure();
      final metrics = breaker.metrics();
      expect([metrics.successCount, metrics.failureCount, metrics.state], [1, 1, CircuitState.closed]);
      expect('$metrics', 'CircuitBreakerMetrics(closed, 1 succeeded, 1 failed, 0 rejected)');
    });

    test('opens, waits, probes, closes', () async {
      expect(await breaker.call(() async => 5), 5);
      await failTwice();
      expect(breaker.state, CircuitState.open);
      expect(breaker.isOpen, isTrue);
      var called = false;
      await expectLater(
        () => breaker.call(() => called = true),
        throwsA(
          isA<CircuitBreakerException>()
              .having((it) => it.retryAfter, 'retryAfter', const Duration(seconds: 30))
              .having((it) => it.reason, 'reason', RejectReason.open)
              .having((it) => '$it', 'text', contains('circuit breaker "users" is open; retry after 30.0 s')),
        ),
      );
      expect(called, isFalse);
      now = const Duration(seconds: 30);
      expect(breaker.state, CircuitState.halfOpen);
      final probe = Completer<void>();
      final probing = breaker.call(() => probe.future);
      await expectLater(
        () => breaker.call(() => 1),
        throwsA(isA<CircuitBreakerException>().having((it) => '$it', 'text', contains('half-open, and its probes are out'))),
      );
      probe.complete();
      await probing;
      expect(breaker.state, CircuitState.closed);
      expect(breaker.metrics().transitionsBetween(CircuitState.closed, CircuitState.open), 1);
    });
  });

  group('calls', () {
    test('a function that throws at once rejects the future', () async {
      final future = breaker.call<int>(() => throw const FormatException('at once'));
      await expectLater(() => future, throwsA(isA<FormatException>()));
      expect(breaker.metrics().failureCount, 1);
    });

    test('stack traces lead to who threw', () async {
      try {
        await breaker.call(() async => thrower());
      } catch (_, stackTrace) {
        expect('$stackTrace', contains('thrower'));
      }
    });

    test('callSync', () {
      expect(breaker.callSync(() => 'now'), 'now');
      expect(() => breaker.callSync(() => throw const FormatException('no')), throwsA(isA<FormatException>()));
      breaker.trip();
      expect(() => breaker.callSync(() => 1), throwsA(isA<CircuitBreakerException>()));
      final metrics = breaker.metrics();
      expect([metrics.successCount, metrics.failureCount, metrics.rejectedCount], [1, 1, 1]);
    });

    test('a late result counts as stale', () async {
      final finish = Completer<int>();
      final late = breaker.call(() => finish.future);
      breaker.reset();
      finish.complete(1);
      expect(await late, 1);
      final metrics = breaker.metrics();
      expect([metrics.successCount, metrics.staleCount], [0, 1]);
    });
  });

  group('classifiers', () {
    test('say what counts', () async {
      final judged = CircuitBreaker(
        const CircuitBreakerConfig(failureThreshold: 1),
        clock: () => now,
        classifyError: (error, stackTrace) => error is FormatException ? Verdict.ignored : null,
        classifyResult: (result) => result == 503 ? const Verdict(Outcome.failure, retryAfter: Duration(minutes: 2)) : null,
      );
      await expectLater(() => judged.call(() => throw const FormatException('ours')), throwsA(isA<FormatException>()));
      expect(judged.metrics().ignoredCount, 1);
      expect(judged.callSync(() => 200), 200);
      expect(await judged.call(() async => 200), 200);
      expect(judged.metrics().successCount, 2);
      expect(judged.callSync(() => 503), 503);
      expect(judged.metrics().remainingWait, const Duration(minutes: 2));
    });

    test('that throw are the caller’s to see, and the call a failure', () async {
      final judged = CircuitBreaker(
        const CircuitBreakerConfig(),
        classifyResult: (result) => throw StateError('broken'),
        classifyError: (error, stackTrace) => const Verdict(Outcome.failure, retryAfter: Duration(seconds: -1)),
      );
      expect(() => judged.callSync(() => 1), throwsStateError);
      await expectLater(() => judged.call(() => throw 'thrown'), throwsArgumentError);
      expect(judged.metrics().failureCount, 2);
    });
  });

  group('permits', () {
    test('are settled once', () {
      final permit = breaker.acquire();
      expect(permit.settled, isFalse);
      expect(permit.failure(), Effect.applied);
      expect(permit.settled, isTrue);
      expect(permit.success(), Effect.alreadySettled);
      expect(breaker.metrics().failureCount, 1);
    });

    test('of another epoch are stale', () {
      final permit = breaker.acquire();
      breaker.reset();
      expect(permit.ignore(), Effect.stale);
    });

    test('may be refused without an exception', () {
      breaker.forceOpen();
      expect(breaker.tryAcquire(), isNull);
      expect(() => breaker.acquire(), throwsA(isA<CircuitBreakerException>().having((it) => it.reason, 'reason', RejectReason.forcedOpen)));
      breaker.automatic();
      expect(breaker.tryAcquire(), isNotNull);
    });

    test('a wish that is none leaves the permit as it is', () {
      final permit = breaker.acquire();
      expect(() => permit.failure(retryAfter: const Duration(seconds: -1)), throwsArgumentError);
      expect(permit.settled, isFalse);
      expect(permit.cancel(), Effect.applied);
    });

    test('in shadow mode nothing is rejected', () {
      final shadow = CircuitBreaker(const CircuitBreakerConfig(shadow: true));
      shadow.trip();
      expect(shadow.acquire().success(), Effect.shadowed);
      final metrics = shadow.metrics();
      expect([metrics.wouldRejectCount, metrics.wouldRejectByReason[RejectReason.open]], [1, 1]);
      expect(metrics.rejectedByReason[RejectReason.open], 0);
    });
  });

  group('by hand', () {
    test('trip, reset, forced modes, tick', () {
      breaker.trip();
      expect(breaker.isOpen, isTrue);
      breaker.reset();
      expect(breaker.state, CircuitState.closed);
      breaker.forceOpen();
      expect([breaker.state, breaker.metrics().forced], [CircuitState.open, true]);
      breaker.forceClosed();
      breaker.recordFailure();
      breaker.recordFailure();
      expect(breaker.state, CircuitState.closed);
      breaker.automatic();
      breaker.tick();
      expect(breaker.metrics().forced, isFalse);
    });

    test('a closed breaker answers with a StateError, and its calls end as they do', () async {
      final finish = Completer<int>();
      final running = breaker.call(() => finish.future);
      final permit = breaker.acquire();
      final told = breaker.transitions.toList();
      breaker
        ..close()
        ..close();
      finish.complete(1);
      expect(await running, 1);
      expect(permit.success(), Effect.alreadySettled);
      expect(await told, isEmpty);
      for (final use in [
        breaker.acquire,
        breaker.recordSuccess,
        breaker.metrics,
        breaker.explain,
        breaker.recentTransitions,
        () => breaker.state,
        () => breaker.callSync(() => 1),
      ]) {
        expect(use, throwsStateError);
      }
      await expectLater(() => breaker.call(() => 1), throwsStateError);
    });
  });

  group('transitions', () {
    test('are told in order, before the operation comes back', () async {
      final told = <String>[];
      breaker.transitions.listen((it) {
        told.add('$it');
        // A listener may use the breaker; what that makes is told after this.
        if (it.to == CircuitState.open) {
          breaker.reset();
          told.add('reset');
        }
      });
      await failTwice();
      expect(told, [
        'users: closed -> open (failureThreshold)',
        'reset',
        'users: open -> closed (reset)',
      ]);
      expect(breaker.recentTransitions().map((it) => it.epoch).toList(), [2, 3]);
    });

    test('a listener that throws costs nobody anything', () async {
      final caught = <Object>[];
      final told = <Transition>[];
      runZonedGuarded(() => breaker.transitions.listen((_) => throw StateError('mine')), (error, _) => caught.add(error));
      breaker.transitions.listen(told.add);
      breaker.trip();
      await Future<void>.delayed(Duration.zero);
      expect(caught.single, isA<StateError>());
      expect(told.single.breaker, 'users');
    });
  });

  group('explain', () {
    test('says why and what would change it', () async {
      await failTwice();
      final why = breaker.explain();
      expect(why.state, CircuitState.open);
      expect(why.automaticState, CircuitState.open);
      expect(why.wouldReject, RejectReason.open);
      expect(why.remainingWait, const Duration(seconds: 30));
      expect([why.forced, why.shadow, why.epoch, why.name], [false, false, 2, 'users']);
      expect(why.needs.first, contains('30s'));
      expect('$why', contains('failures'));
      expect((why.json['rules']! as Map)['failure_threshold'], 2);
    });

    test('has room for the longest history', () {
      for (var time = 0; time < 40; time += 1) {
        breaker.reset();
      }
      final why = breaker.explain();
      expect((why.json['history']! as List).length, 32);
      expect(why.wouldReject, isNull);
      expect(why.remainingWait, isNull);
    });
  });

  group('registry', () {
    test('one breaker for each name', () {
      final registry = CircuitBreakerRegistry(_two);
      final payments = registry.get('payments');
      expect(registry['payments'], same(payments));
      expect(registry.get('mail', const CircuitBreakerConfig(failureThreshold: 1)).name, 'mail');
      expect(registry.breakers.keys.toList(), ['payments', 'mail']);
      expect(registry.contains('payments'), isTrue);
      expect(registry.remove('payments'), same(payments));
      expect(registry.contains('payments'), isFalse);
      expect(() => CircuitBreakerRegistry(const CircuitBreakerConfig(failureThreshold: 0)), throwsArgumentError);
    });
  });

  group('configuration', () {
    for (final (config, text) in const [
      (CircuitBreakerConfig(failureThreshold: 0), 'failureThreshold is 0; it must be 1 to 4294967295'),
      (CircuitBreakerConfig(failureThreshold: -16), 'failureThreshold is -16; it must be 1 to 4294967295'),
      (CircuitBreakerConfig(successThreshold: 4294967296), 'successThreshold is 4294967296; it must be 1 to 4294967295'),
      (CircuitBreakerConfig(timeout: Duration(seconds: -1)), 'timeout is -0:00:01.000000; it must be 0 or more'),
      (CircuitBreakerConfig(probeTimeout: Duration.zero), 'probeTimeout is 0:00:00.000000; it must be 1ms or more'),
      (CircuitBreakerConfig(failureRate: 1.0000001), 'failureRate is 1.0000001; it must be more than 0, at most 1'),
      (CircuitBreakerConfig(failureRate: double.nan), 'failureRate is NaN; it must be more than 0, at most 1'),
      (CircuitBreakerConfig(jitter: double.infinity), 'jitter is Infinity; it must be 0 to 1'),
      (CircuitBreakerConfig(backoffMultiplier: 0.9999999), 'backoffMultiplier is 0.9999999; it must be 1 to 100'),
      (CircuitBreakerConfig(maxTimeout: Duration(seconds: 1)), 'maxTimeout is 0:00:01.000000; it must be timeout or more'),
      (
        CircuitBreakerConfig(failureRate: 0.5, windowTime: Duration(milliseconds: 9)),
        'windowTime is 0:00:00.009000; it must be 10ms to 24h',
      ),
    ]) {
      test('refuses $text', () {
        expect(
          () => CircuitBreaker(config),
          throwsA(isA<CircuitBreakerConfigError>().having((it) => '$it', 'text', 'CircuitBreakerConfigError: $text')),
        );
      });
    }

    test('never is a wait', () {
      final patient = CircuitBreaker(const CircuitBreakerConfig(timeout: CircuitBreakerConfig.never), clock: () => now);
      patient.trip();
      now = const Duration(days: 100000);
      expect(patient.isOpen, isTrue);
      expect(patient.metrics().remainingWait, isNull);
    });
  });

  test('production time is monotonic, and passes', () async {
    final quick = CircuitBreaker(const CircuitBreakerConfig(timeout: Duration.zero));
    quick.trip();
    expect(quick.state, CircuitState.halfOpen);
    final before = monotonicClock();
    expect(monotonicClock() >= before, isTrue);
  });
}

int thrower() => throw StateError('here');
