import 'state.dart';

/// What a classifier says of a call.
final class Verdict {
  /// It counts as [outcome]; [retryAfter] is how long the server asks not to be called, which counts if this failure
  /// opens the circuit.
  const Verdict(this.outcome, {this.retryAfter});

  /// How the call ended.
  final Outcome outcome;

  /// How long the server asks not to be called.
  final Duration? retryAfter;

  /// The service is able to do its work.
  static const success = Verdict(Outcome.success);

  /// It is not.
  static const failure = Verdict(Outcome.failure);

  /// The result says nothing about the service: a business error.
  static const ignored = Verdict(Outcome.ignored);

  /// The caller gave up.
  static const cancelled = Verdict(Outcome.cancelled);
}

/// Says what something thrown counts as; null for a failure. If it throws itself, the caller sees that, and the call
/// is a failure.
typedef ErrorClassifier = Verdict? Function(Object error, StackTrace stackTrace);

/// Says what a result counts as; null for a success.
typedef ResultClassifier = Verdict? Function(Object? result);
