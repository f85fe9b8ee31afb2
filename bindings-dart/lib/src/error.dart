import 'state.dart';

/// A call was not made, because the circuit does not let it.
class CircuitBreakerException implements Exception {
  /// A rejection.
  const CircuitBreakerException(this.reason, {this.retryAfter, this.name});

  /// Why.
  final RejectReason reason;

  /// When to come back, if anybody can say: not while probes are out, nor in a forced mode, nor where a wait never ends.
  final Duration? retryAfter;

  /// The breaker's name, if it has one.
  final String? name;

  @override
  String toString() {
    final which = name == null ? 'circuit breaker' : 'circuit breaker "$name"';
    final what = reason == RejectReason.halfOpen ? 'is half-open, and its probes are out' : 'is open';
    final when = retryAfter == null ? '' : '; retry after ${retryAfter!.inMicroseconds / 1e6} s';
    return 'CircuitBreakerException: $which $what$when';
  }
}

/// The specification names it so.
typedef CircuitBreakerError = CircuitBreakerException;

/// A field of a configuration is not what it may be.
class CircuitBreakerConfigError extends ArgumentError {
  /// [field] is [value], and must be [range].
  CircuitBreakerConfigError(this.field, Object? value, this.range)
    : super.value(value, field, 'must be $range');

  /// The field's name.
  final String field;

  /// What it may be.
  final String range;

  // An ArgumentError prints a Duration as an instance of one.
  @override
  String toString() => 'CircuitBreakerConfigError: $field is $invalidValue; it must be $range';
}
