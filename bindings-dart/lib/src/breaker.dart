import 'dart:async';

import 'classifier.dart';
import 'clock.dart';
import 'config.dart';
import 'error.dart';
import 'explanation.dart';
import 'handle.dart';
import 'metrics.dart';
import 'permit.dart';
import 'state.dart';
import 'transition.dart';

/// Guards calls to another service: stops calling it while it is sick, and finds out by itself when it is well again.
///
/// It has no timers. It is of one isolate, as every object is; with [CircuitBreaker.shared] other isolates get at the same
/// one. What is closed ([close]) answers with a [StateError].
final class CircuitBreaker {
  /// A closed breaker. [name] is said in errors and events, [clock] is where the time comes from; [classifyError] and
  /// [classifyResult] say what a call counts as: without them everything thrown is a failure, and every result a success.
  ///
  /// Throws [CircuitBreakerConfigError] where a field is not what it may be, and [UnsupportedError] where the native
  /// library is missing, or of another version of its ABI.
  CircuitBreaker(
    CircuitBreakerConfig config, {
    String? name,
    Clock clock = monotonicClock,
    ErrorClassifier? classifyError,
    ResultClassifier? classifyResult,
  }) : this._(Handle(config, clock, name), classifyError, classifyResult);

  /// The process's breaker of this [name], which every isolate that asks for it shares: what fails in one opens it for
  /// all. The first to ask makes it; when the last lets go of it, it is gone. Transitions are told in the isolate that
  /// made them. Leave [clock] as it is, or give all the same.
  ///
  /// Throws an [ArgumentError] where there is one with another configuration.
  CircuitBreaker.shared(
    CircuitBreakerConfig config, {
    required String name,
    Clock clock = monotonicClock,
    ErrorClassifier? classifyError,
    ResultClassifier? classifyResult,
  }) : this._(Handle(config, clock, name, sharedName: name), classifyError, classifyResult);

  CircuitBreaker._(this._handle, this._classifyError, this._classifyResult);

  final Handle _handle;
  final ErrorClassifier? _classifyError;
  final ResultClassifier? _classifyResult;

  /// The name, if it was given one.
  String? get name => _handle.name;

  /// The state now: half-open as soon as the wait is over, though no call has come yet.
  CircuitState get state => _handle.state();

  /// Whether the state is open.
  bool get isOpen => state == CircuitState.open;

  /// Calls [action] if the circuit lets it, and answers what it does, unchanged. Whatever goes wrong comes with the
  /// future; a [CircuitBreakerException] if [action] was not called.
  ///
  /// A future that never completes keeps a probe's slot until `probeTimeout`, and nothing else.
  Future<T> call<T>(FutureOr<T> Function() action) async {
    final word = _handle.word;
    final asked = word & 1 != 0;
    final permit = asked ? _handle.ask() : word;
    final began = asked ? _handle.began : 0;
    final T result;
    try {
      result = await action();
    } catch (error, stackTrace) {
      _failed(error, stackTrace, permit, began);
      rethrow;
    }
    if (asked || _classifyResult != null) {
      _succeeded(result, permit, began);
    } else {
      _handle.succeed(permit);
    }
    return result;
  }

  /// As [call], of a function that returns its result at once.
  T callSync<T>(T Function() action) {
    final handle = _handle;
    final word = handle.word;
    if (word & 1 != 0) {
      return _callAsked(action);
    }
    final T result;
    try {
      result = action();
    } catch (error, stackTrace) {
      _failed(error, stackTrace, word, 0);
      rethrow;
    }
    assert(result is! Future, 'a future is no result yet: use call');
    if (_classifyResult == null) {
      handle.succeed(word);
    } else {
      _succeeded(result, word, 0);
    }
    return result;
  }

  T _callAsked<T>(T Function() action) {
    final permit = _handle.ask();
    final began = _handle.began;
    final T result;
    try {
      result = action();
    } catch (error, stackTrace) {
      _failed(error, stackTrace, permit, began);
      rethrow;
    }
    assert(result is! Future, 'a future is no result yet: use call');
    _succeeded(result, permit, began);
    return result;
  }

  /// Begins a call that ends elsewhere. Throws a [CircuitBreakerException] if the circuit does not let it.
  Permit acquire() => Permit.acquire(_handle);

  /// As [acquire], and null if the circuit does not let it.
  Permit? tryAcquire() {
    try {
      return acquire();
    } on CircuitBreakerException {
      return null;
    }
  }

  /// Records a success that no permit was taken for.
  void recordSuccess() => _handle.control(Control.recordSuccess);

  /// Records a failure that no permit was taken for.
  void recordFailure() => _handle.control(Control.recordFailure);

  /// Closes the circuit, with nothing counted, and ends a forced mode.
  void reset() => _handle.control(Control.reset);

  /// Opens the circuit as a failure would; does nothing in a forced mode.
  void trip() => _handle.control(Control.trip);

  /// Rejects every call until [automatic] or [reset].
  void forceOpen() => _handle.control(Control.forceOpen);

  /// Lets every call through and decides nothing until [automatic] or [reset].
  void forceClosed() => _handle.control(Control.forceClosed);

  /// Ends a forced mode; what was underneath comes back.
  void automatic() => _handle.control(Control.automatic);

  /// Looks for calls that hang, where `countHungCalls` is on. Admissions look by themselves; this is for when none come.
  void tick() => _handle.control(Control.tick);

  /// State and totals.
  CircuitBreakerMetrics metrics() => _handle.metrics();

  /// What it is doing, why, and what would change that.
  Explanation explain() => _handle.explain();

  /// The last transitions, at most 32, the oldest first.
  List<Transition> recentTransitions() => _handle.recentTransitions();

  /// Every transition that this isolate's operations make, in order, told before the operation comes back. A broadcast
  /// stream; what a listener throws goes to its zone.
  Stream<Transition> get transitions => _handle.transitions.stream;

  /// Frees the breaker now; it is freed by itself when it is collected. Calls in flight end as they do, and count nowhere.
  void close() => _handle.close();

  void _succeeded(Object? result, int permit, int began) {
    final classify = _classifyResult;
    if (classify == null) {
      _handle.settle(permit, began, Outcome.success);
    } else {
      _judged(() => classify(result) ?? Verdict.success, permit, began);
    }
  }

  void _failed(Object error, StackTrace stackTrace, int permit, int began) {
    final classify = _classifyError;
    if (classify == null) {
      _handle.settle(permit, began, Outcome.failure);
    } else {
      _judged(() => classify(error, stackTrace) ?? Verdict.failure, permit, began);
    }
  }

  /// Settles as a classifier says. If it throws, that is the user's to see, and the call a failure.
  void _judged(Verdict Function() classify, int permit, int began) {
    final Verdict verdict;
    try {
      verdict = classify();
      checkRetryAfter(verdict.retryAfter);
    } catch (_) {
      _handle.settle(permit, began, Outcome.failure);
      rethrow;
    }
    _handle.settle(permit, began, verdict.outcome, retryAfter: verdict.retryAfter);
  }
}
