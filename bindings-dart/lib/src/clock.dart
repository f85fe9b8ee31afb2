import 'dart:developer';

/// Where a breaker has its time from: a monotonic reading since any fixed moment. In a test with package:fake_async,
/// `clock: () => async.elapsed`.
typedef Clock = Duration Function();

/// The clock of a breaker that was given none: monotonic, and the same in every isolate of the process, which a
/// `Stopwatch` of each would not be.
Duration monotonicClock() => Duration(microseconds: Timeline.now);

/// A length of time that is finer than a [Duration], in nanoseconds: 64 bits, so that those beyond 2^63 are negative.
/// What breakers answer with are Durations, to the microsecond.
final class Nanoseconds extends Duration {
  /// So many nanoseconds.
  const Nanoseconds(this.bits) : super(microseconds: bits ~/ 1000);

  /// The 64 bits.
  final int bits;
}

/// The library's nanoseconds of a length of time that is not negative; longer than 64 bits hold is never.
int nanosecondsOf(Duration duration) {
  if (duration is Nanoseconds) {
    return duration.bits;
  }
  final microseconds = duration.inMicroseconds;
  return microseconds > _longest ? -1 : microseconds * 1000;
}

/// A reading of a clock in nanoseconds. Only differences mean anything, so 64 bits of it are enough.
int reading(Clock clock) =>
    identical(clock, monotonicClock) ? Timeline.now * 1000 : _bits(clock());

int _bits(Duration reading) => reading is Nanoseconds ? reading.bits : reading.inMicroseconds * 1000;

/// 2^64 - 1 nanoseconds, in microseconds.
const _longest = 18446744073709551;

/// A wait, to the microsecond and never shorter; null for one that never ends.
Duration? waitOf(int bits) => bits == -1 ? null : Duration(microseconds: _microseconds(bits, roundUp: true));

/// A moment, to the microsecond.
Duration momentOf(int bits) => Duration(microseconds: _microseconds(bits, roundUp: false));

int _microseconds(int bits, {required bool roundUp}) {
  // Unsigned: a shift first, for the divisor is even.
  final whole = (bits >>> 1) ~/ 500;
  return roundUp && bits - whole * 1000 != 0 ? whole + 1 : whole;
}

/// Refuses what no server can ask for.
void checkRetryAfter(Duration? retryAfter) {
  if (retryAfter != null && retryAfter.isNegative && retryAfter is! Nanoseconds) {
    throw ArgumentError.value(retryAfter, 'retryAfter', 'must be 0 or more');
  }
}
