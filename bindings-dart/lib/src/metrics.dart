import 'dart:typed_data';

import 'clock.dart';
import 'state.dart';

/// State and totals of one breaker at one moment. Totals only ever grow.
final class CircuitBreakerMetrics {
  /// What the library has written into [metricsNumbers].
  CircuitBreakerMetrics(this._numbers)
    : _words = Uint32List.view(_numbers.buffer),
      _doubles = Float64List.view(_numbers.buffer);

  final Uint64List _numbers;
  final Uint32List _words;
  final Float64List _doubles;

  /// Calls that succeeded.
  int get successCount => _numbers[1];

  /// Calls that failed.
  int get failureCount => _numbers[2];

  /// Calls whose result says nothing about the service.
  int get ignoredCount => _numbers[3];

  /// Calls that their caller gave up.
  int get cancelledCount => _numbers[4];

  /// Calls that were rejected, for whatever reason.
  int get rejectedCount => _numbers[5];

  /// The same by reason.
  Map<RejectReason, int> get rejectedByReason => _byReason(6);

  /// Results that came too late to count.
  int get staleCount => _numbers[9];

  /// Changes of state and resets.
  int get transitionCount => _numbers[10];

  /// The same, from one state to another.
  int transitionsBetween(CircuitState from, CircuitState to) => _numbers[11 + 3 * from.index + to.index];

  /// 1 at first, one more after each transition.
  int get epoch => _numbers[20];

  /// What is left of the wait while open, zero once it is over; null where it never ends, in a forced mode, and while not open.
  Duration? get remainingWait => _words[46] == 1 ? waitOf(_numbers[21]) : null;

  /// success / (success + failure); null before the first of either.
  double? get successRate => _words[47] == 1 ? _doubles[22] : null;

  /// The state.
  CircuitState get state => CircuitState.values[_words[48]];

  /// Whether `forceOpen()` or `forceClosed()` is on.
  bool get forced => _words[49] == 1;

  /// Failures in a row; 0 unless closed.
  int get consecutiveFailures => _words[50];

  /// Probes that are not settled yet.
  int get probesInFlight => _words[51];

  /// Calls that took as long as `slowCallDuration`, or longer, or were found to hang.
  int get slowCount => _numbers[26];

  /// Calls that would have been rejected but for `shadow`.
  int get wouldRejectCount => _numbers[27];

  /// The same by reason.
  Map<RejectReason, int> get wouldRejectByReason => _byReason(28);

  /// Calls in the window; 0 unless closed.
  int get windowCalls => _numbers[31];

  /// Those of them that failed.
  int get windowFailures => _numbers[32];

  /// Those of them that were slow.
  int get windowSlow => _numbers[33];

  Map<RejectReason, int> _byReason(int first) => {
    RejectReason.open: _numbers[first],
    RejectReason.halfOpen: _numbers[first + 1],
    RejectReason.forcedOpen: _numbers[first + 2],
  };

  @override
  String toString() =>
      'CircuitBreakerMetrics(${state.name}, $successCount succeeded, $failureCount failed, $rejectedCount rejected)';
}

/// The library's struct, for it to write into: a row of 64-bit numbers.
Uint64List metricsNumbers() {
  final numbers = Uint64List(34);
  numbers[0] = numbers.lengthInBytes;
  return numbers;
}
