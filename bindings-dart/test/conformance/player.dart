// Plays a scenario on a breaker through one way in. The contract is in conformance/README.md.

import 'dart:async';

import 'package:k1s0_circuit_breaker/circuit_breaker.dart';
import 'package:test/test.dart';

import 'entries.dart';
import 'suite.dart';

/// How a held call ends, and the step that says so; none where the scenario ends first.
typedef _Ended = ({String outcome, Duration? retryAfter, Json? step});

class Player {
  Player(Json scenario, Entry Function(CircuitBreaker breaker) enter)
    : steps = (scenario['steps']! as List<Object?>).cast<Json>() {
    breaker = CircuitBreaker(config(scenario['config']), clock: _clock, classifyError: classifyError);
    breaker.transitions.listen(fresh.add);
    entry = enter(breaker);
  }

  final List<Json> steps;
  late final CircuitBreaker breaker;
  late final Entry entry;
  BigInt now = BigInt.zero;
  List<Transition> fresh = [];
  List<Transition> told = [];
  List<Transition> remembered = [];
  CircuitState lastState = CircuitState.closed;
  int lastEpoch = 1;
  int next = 0;

  Duration _clock() => length(now);

  Future<void> play() async {
    for (final step in steps) {
      try {
        await _do(step);
        _after(step);
      } catch (error, stackTrace) {
        Error.throwWithStackTrace(_explained(step, error), stackTrace);
      }
    }
  }

  /// As [play], where held calls are functions that are being run: plays on until [ends] is to end.
  _Ended playSync([String? ends]) {
    while (next < steps.length) {
      final step = steps[next];
      next += 1;
      if (ends != null && _isEnd(step) && step['permit'] == ends) {
        final outcome = step['op'] == 'drop' ? 'cancelled' : step['outcome']! as String;
        return (outcome: outcome, retryAfter: _retryAfter(step), step: step);
      }
      try {
        if (step['op'] == 'acquire') {
          _holdSync(step);
        } else if (!_isEnd(step)) {
          _do(step);
        }
        _after(step);
      } catch (error, stackTrace) {
        Error.throwWithStackTrace(_explained(step, error), stackTrace);
      }
    }
    return (outcome: 'success', retryAfter: null, step: null);
  }

  void _holdSync(Json step) {
    _Ended? ended;
    try {
      (entry as CallSync).hold(() {
        expect(step['expect'], 'admitted');
        // What is looked at after the acquisition, before the rest.
        _after(step);
        ended = playSync(step['permit']! as String);
        return (outcome: ended!.outcome, retryAfter: ended!.retryAfter);
      });
    } on CircuitBreakerException catch (error) {
      _rejectedAs(step['expect'], error);
    }
    final end = ended?.step;
    if (end != null) {
      _after(end);
    }
  }

  Object _explained(Json step, Object error) {
    if (error is _Explained) {
      return error;
    }
    final because = step['because'] == null ? '' : '\nbecause ${step['because']}';
    return _Explained('step ${steps.indexOf(step) + 1}, $step$because: $error');
  }

  void _after(Json step) {
    _lookAtTransitions();
    if (step['op'] == 'transitions') {
      _compareTransitions((step['expect']! as List<Object?>).cast<Json>());
    }
  }

  /// P4: each `from` is the `to` before it, and epochs have no gaps.
  void _lookAtTransitions() {
    final made = fresh.toList();
    fresh.clear();
    for (final it in made) {
      expect(it.from, lastState);
      expect(it.epoch, lastEpoch + 1);
      lastState = it.to;
      lastEpoch = it.epoch;
    }
    told.addAll(made);
    remembered = [...remembered, ...made];
    if (remembered.length > 32) {
      remembered = remembered.sublist(remembered.length - 32);
    }
    expect('${breaker.recentTransitions()}', '$remembered');
  }

  void _compareTransitions(List<Json> expected) {
    final found = told;
    told = [];
    expect(found.length, expected.length, reason: '$found');
    for (final (index, it) in found.indexed) {
      final mine = expected[index];
      expect(
        [it.from.name, it.to.name, it.epoch, it.reason.name],
        [word(mine['from']), word(mine['to']), mine['epoch'], word(mine['reason'])],
      );
      expect(it.at, moment(nanoseconds(mine, 'at') ?? BigInt.zero));
    }
  }

  void _rejectedAs(Object? expected, CircuitBreakerException error) {
    expect(expected, isA<Json>(), reason: '$error');
    final rejection = expected! as Json;
    expect(error.reason.name, word(rejection['rejected']));
    expect(error.retryAfter, wait(nanoseconds(rejection, 'retry_after')));
  }

  FutureOr<void> _verdict(Object? expected, FutureOr<void> Function() run) {
    void through() => expect(expected, isA<String>(), reason: 'not rejected');
    try {
      final running = run();
      if (running is! Future) {
        through();
        return null;
      }
      return running
          .then((_) => through())
          .onError<CircuitBreakerException>((error, _) => _rejectedAs(expected, error));
    } on CircuitBreakerException catch (error) {
      _rejectedAs(expected, error);
    }
  }

  FutureOr<void> _do(Json step) => switch (step['op']) {
    'advance' => now += nanoseconds(step)!,
    'set_clock' => now = nanoseconds(step)!,
    'acquire' => _verdict(step['expect'], () => entry.acquire(step['permit']! as String)),
    'settle' => _settle(step),
    'drop' => entry.drop(step['permit']! as String),
    'call' => _call(step),
    'record' => _record(step),
    'tick' => breaker.tick(),
    'control' => _control(step['do']! as String),
    'state' => _state(step['expect']! as String),
    'metrics' => _metrics(step['expect']! as Json),
    // Looked at after every step.
    'transitions' => null,
    // A closed breaker's clock is read where the library is called: that cannot be counted here.
    'clock_reads' => null,
    _ => throw UnsupportedError('$step'),
  } as FutureOr<void>;

  FutureOr<void> _settle(Json step) async {
    final effect = await entry.settle(step['permit']! as String, step['outcome']! as String, _retryAfter(step));
    if (effect != null) {
      expect(effect.name, word(step['expect']));
    }
  }

  FutureOr<void> _call(Json step) {
    final takes = nanoseconds(step, 'takes') ?? BigInt.zero;
    final expected = step['expect'];
    final times = (step['times'] as int?) ?? 1;
    var ran = 0;
    FutureOr<void> once() => _verdict(expected, () {
      return entry.call(step['result']! as String, () {
        ran += 1;
        now += takes;
      });
    });
    void count(int before) => expect(ran - before, expected is String ? 1 : 0);
    if (entry is CallSync) {
      for (var time = 0; time < times; time += 1) {
        final before = ran;
        once();
        count(before);
      }
      return null;
    }
    return () async {
      for (var time = 0; time < times; time += 1) {
        final before = ran;
        await once();
        count(before);
      }
    }();
  }

  void _record(Json step) {
    for (var time = 0; time < ((step['times'] as int?) ?? 1); time += 1) {
      step['outcome'] == 'success' ? breaker.recordSuccess() : breaker.recordFailure();
    }
  }

  void _control(String what) => switch (what) {
    'reset' => breaker.reset(),
    'trip' => breaker.trip(),
    'force_open' => breaker.forceOpen(),
    'force_closed' => breaker.forceClosed(),
    'automatic' => breaker.automatic(),
    _ => throw UnsupportedError(what),
  };

  void _state(String expected) {
    expect(breaker.state.name, word(expected));
    expect(breaker.isOpen, expected == 'open');
    expect(breaker.explain().state.name, word(expected));
  }

  void _metrics(Json expected) {
    final found = breaker.metrics();
    for (final MapEntry(:key, :value) in expected.entries) {
      if (key.startsWith('remaining_wait')) {
        expect(found.remainingWait, value == null ? null : wait(nanoseconds({key: value}, 'remaining_wait')));
      } else if (key == 'state') {
        expect(found.state.name, word(value));
      } else {
        expect(_metric(found, key), value, reason: key);
      }
    }
  }
}

Object? _metric(CircuitBreakerMetrics found, String name) => switch (name) {
  'success' => found.successCount,
  'failure' => found.failureCount,
  'ignored' => found.ignoredCount,
  'cancelled' => found.cancelledCount,
  'rejected' => found.rejectedCount,
  'would_reject' => found.wouldRejectCount,
  'slow' => found.slowCount,
  'stale' => found.staleCount,
  'transitions' => found.transitionCount,
  'epoch' => found.epoch,
  'forced' => found.forced,
  'consecutive_failures' => found.consecutiveFailures,
  'probes_in_flight' => found.probesInFlight,
  'success_rate' => found.successRate,
  'window_calls' => found.windowCalls,
  'window_failures' => found.windowFailures,
  'window_slow' => found.windowSlow,
  _ when name.startsWith('rejected_') => found.rejectedByReason[_reason(name, 'rejected_')],
  _ when name.startsWith('would_reject_') => found.wouldRejectByReason[_reason(name, 'would_reject_')],
  _ => throw UnsupportedError(name),
};

RejectReason _reason(String name, String prefix) => RejectReason.values.byName(word(name.substring(prefix.length)));

bool _isEnd(Json step) => step['op'] == 'settle' || step['op'] == 'drop';

Duration? _retryAfter(Json step) {
  final asked = nanoseconds(step, 'retry_after');
  return asked == null ? null : length(asked);
}

class _Explained implements Exception {
  _Explained(this.message);

  final String message;

  @override
  String toString() => message;
}
