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
/// It has no timers. It is of one isolate, as every object; [CircuitBreaker.shared] gives other isolates the same one.
final class CircuitBreaker {
  /// A closed breaker.
  ///
  /// Throws [CircuitBreakerConfigError] where a field is not what it may be, and [UnsupportedError] where the native
  /// library is missing, or of another version of its ABI.
  CircuitBreaker([
    CircuitBreakerConfig config = const CircuitBreakerConfig(),
    String? name,
  ]) : this.withOptions(config, name: name);
}
