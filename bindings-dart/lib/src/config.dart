import 'dart:convert';
import 'dart:ffi';
import 'dart:typed_data';

import 'clock.dart';
import 'error.dart';
import 'native.dart' as native;

/// When a circuit opens, how long it stays open, and when it closes. It is checked where a breaker is made of it:
/// [CircuitBreakerConfigError] names field, value and range.
final class CircuitBreakerConfig {
  /// Every field has its default.
  const CircuitBreakerConfig({
    this.failureThreshold = 5,
    this.successThreshold = 3,
    this.timeout = const Duration(seconds: 30),
    this.halfOpenMaxCalls = 1,
    this.probeTimeout = const Duration(seconds: 60),
    this.failureRate,
    this.minimumCalls = 20,
    this.windowCalls = 100,
    this.windowTime,
    this.windowBuckets = 10,
    this.slowCallDuration,
    this.slowCallRate = 0.8,
    this.slowMinimumCalls = 20,
    this.countHungCalls = false,
    this.backoffMultiplier = 1.0,
    this.maxTimeout,
    this.jitter = 0.0,
    this.jitterSeed,
    this.shadow = false,
  });

  /// A length of time that never ends.
  static const never = Duration(microseconds: 0x7fffffffffffffff);

  /// Failures in a row that open the circuit: 1 to 4294967295. Null where a rate is to open it instead.
  final int? failureThreshold;

  /// Successful probes that close it again: 1 to 4294967295.
  final int successThreshold;

  /// How long an open circuit rejects calls. Zero makes the next call a probe; [never] waits until it is closed by hand.
  final Duration timeout;

  /// How many probes may be unsettled at once: 1 to 65535.
  final int halfOpenMaxCalls;

  /// When a full set of unsettled probes is given up: 1 ms or more.
  final Duration probeTimeout;

  /// How large a part of the window's calls must fail to open the circuit: more than 0, at most 1; off by default.
  final double? failureRate;

  /// Fewer calls in the window than this decide nothing: 1 to 4294967295.
  final int minimumCalls;

  /// The rates are about the last so many calls: 1 to 65536; where [windowTime] is given, about that.
  final int windowCalls;

  /// The rates are about the calls of the last so much time instead: 10 ms to 24 h.
  final Duration? windowTime;

  /// In how many stretches that time is cut, the oldest of which is forgotten at a time: 10 to 100.
  final int windowBuckets;

  /// Calls that take so long or longer are slow: 1 ns or more; off by default.
  final Duration? slowCallDuration;

  /// How large a part of the window's calls must be slow to open the circuit: more than 0, at most 1.
  final double slowCallRate;

  /// As [minimumCalls], for slow calls.
  final int slowMinimumCalls;

  /// Whether calls count as slow while they are still in flight. See `tick()`.
  final bool countHungCalls;

  /// Each wait by the one before it: 1 to 100 times.
  final double backoffMultiplier;

  /// The longest wait, [timeout] or more: by default 10 minutes, or [timeout] where that is longer.
  final Duration? maxTimeout;

  /// How large a part of itself a wait may be off, to either side: 0 to 1.
  final double jitter;

  /// Where the random numbers for the jitter begin, any 64 bits; drawn where it is not given.
  final int? jitterSeed;

  /// Decide and tell, but reject nothing.
  final bool shadow;

  Object? _value(String field) => switch (field) {
    'failureThreshold' => failureThreshold,
    'successThreshold' => successThreshold,
    'timeout' => timeout,
    'halfOpenMaxCalls' => halfOpenMaxCalls,
    'probeTimeout' => probeTimeout,
    'failureRate' => failureRate,
    'minimumCalls' => minimumCalls,
    'windowCalls' => windowCalls,
    'windowTime' => windowTime,
    'windowBuckets' => windowBuckets,
    'slowCallDuration' => slowCallDuration,
    'slowCallRate' => slowCallRate,
    'slowMinimumCalls' => slowMinimumCalls,
    'countHungCalls' => countHungCalls,
    'backoffMultiplier' => backoffMultiplier,
    'maxTimeout' => maxTimeout,
    'jitter' => jitter,
    _ => null,
  };
}

/// The library's struct of a configuration: a row of 64-bit numbers.
Uint64List configNumbers(CircuitBreakerConfig config) {
  final numbers = Uint64List(22);
  native.configInit(numbers.address, numbers.lengthInBytes);
  final failures = config.failureThreshold;
  numbers[1] = failures == null ? native.off : _count(failures);
  numbers[2] = _count(config.successThreshold);
  numbers[3] = _length('timeout', config.timeout);
  numbers[4] = _count(config.halfOpenMaxCalls);
  numbers[5] = _length('probeTimeout', config.probeTimeout);
  numbers[6] = _partOrOff(config.failureRate);
  numbers[7] = _count(config.minimumCalls);
  final time = config.windowTime;
  if (time == null) {
    numbers[9] = _count(config.windowCalls);
  } else {
    numbers[8] = 1;
    numbers[10] = _length('windowTime', time);
  }
  numbers[11] = _count(config.windowBuckets);
  numbers[12] = _lengthOrOff('slowCallDuration', config.slowCallDuration);
  numbers[13] = _part(config.slowCallRate);
  numbers[14] = _count(config.slowMinimumCalls);
  numbers[15] = config.countHungCalls ? 1 : 0;
  numbers[16] = _part(config.backoffMultiplier);
  numbers[17] = _lengthOrOff('maxTimeout', config.maxTimeout);
  numbers[18] = _part(config.jitter);
  final seed = config.jitterSeed;
  if (seed != null) {
    numbers[19] = seed;
    numbers[20] = 1;
  }
  numbers[21] = config.shadow ? 1 : 0;
  return numbers;
}

/// What the library has no number for, it is to refuse: no field may be as much as this.
const _refused = 0x7fffffffffffffff;

int _count(int count) => count < 0 ? _refused : count;

int _partOrOff(double? part) => part == null ? native.off : _part(part);

/// Parts in a million, to the nearest. What is not a whole number does not become one but 0, so that what is just beyond
/// the end of a range stays beyond it.
int _part(double part) {
  final scaled = part * 1e6;
  if (!(scaled >= 0 && scaled < 1e15)) {
    return _refused;
  }
  final nearest = (scaled + 0.5).floor();
  final became = nearest ~/ 1000000;
  if (nearest == 0 || nearest % 1000000 != 0 || part == became) {
    return nearest;
  }
  return part > became ? nearest + 1 : nearest - 1;
}

int _lengthOrOff(String field, Duration? length) => length == null ? native.off : _length(field, length);

int _length(String field, Duration length) {
  if (length.isNegative && length is! Nanoseconds) {
    throw CircuitBreakerConfigError(field, length, '0 or more');
  }
  return nanosecondsOf(length);
}

/// What the library has against a configuration, in this language's words.
CircuitBreakerConfigError refusal(CircuitBreakerConfig config, Uint8List error) {
  String text(int first, int length) {
    final bytes = Uint8List.sublistView(error, first, first + length);
    return utf8.decode(Uint8List.sublistView(bytes, 0, bytes.indexOf(0)));
  }

  var field = camelCase(text(0, 32));
  if (field == 'window') {
    field = config.windowTime == null ? 'windowCalls' : 'windowTime';
  }
  final range = text(96, 64).replaceAllMapped(_names, (match) => camelCase(match[0]!));
  return CircuitBreakerConfigError(field, config._value(field), range);
}

final _names = RegExp('[a-z]+(_[a-z]+)+');

/// A name of the library's as it is written here.
String camelCase(String name) => name.replaceAllMapped(RegExp('_([a-z])'), (match) => match[1]!.toUpperCase());
