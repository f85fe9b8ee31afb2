import 'clock.dart';
import 'handle.dart';
import 'state.dart';

/// Leave to make one call, to be settled once. One that is collected without that counts as cancelled.
///
/// ```dart
/// final permit = breaker.acquire();
/// try {
///   await publish(message);
///   permit.success();
/// } finally {
///   permit.cancel(); // does nothing where it is settled
/// }
/// ```
final class Permit {
  Permit._(this._handle, this._word, this._began);

  /// Asks for leave.
  factory Permit.acquire(Handle handle) {
    final word = handle.word;
    if (word & 1 == 0) {
      return Permit._(handle, word, 0);
    }
    final asked = handle.ask();
    final permit = Permit._(handle, asked, handle.began);
    // Only these can hold a slot.
    _forgotten.attach(permit, (handle, asked, handle.began), detach: permit);
    return permit;
  }

  static final _forgotten = Finalizer<(Handle, int, int)>((it) => it.$1.settle(it.$2, it.$3, Outcome.cancelled));

  final Handle _handle;
  final int _word;
  final int _began;
  bool _settled = false;

  /// Whether it has been settled.
  bool get settled => _settled;

  /// The service is able to do its work.
  Effect success() => settle(Outcome.success);

  /// It is not. [retryAfter] is how long the server asks not to be called; it counts if this failure opens the circuit.
  Effect failure({Duration? retryAfter}) => settle(Outcome.failure, retryAfter: retryAfter);

  /// The result says nothing about the service: a business error.
  Effect ignore() => settle(Outcome.ignored);

  /// The caller gave up.
  Effect cancel() => settle(Outcome.cancelled);

  /// Any of these. A permit that was settled before is left alone: [Effect.alreadySettled].
  Effect settle(Outcome outcome, {Duration? retryAfter}) {
    checkRetryAfter(retryAfter);
    if (_settled) {
      return Effect.alreadySettled;
    }
    _settled = true;
    _forgotten.detach(this);
    return _handle.settle(_word, _began, outcome, retryAfter: retryAfter);
  }
}
