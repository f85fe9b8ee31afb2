/// Guards calls to another service: stops calling it while it is sick, and finds out by itself when it is well again.
///
/// ```dart
/// final breaker = CircuitBreaker(const CircuitBreakerConfig(failureThreshold: 5, timeout: Duration(seconds: 30)));
/// final user = await breaker.call(() => fetchUser(42));
/// ```
library;

export 'src/breaker.dart' show CircuitBreaker;
export 'src/classifier.dart' show ErrorClassifier, ResultClassifier, Verdict;
export 'src/clock.dart' show Clock, monotonicClock;
export 'src/config.dart' show CircuitBreakerConfig;
export 'src/error.dart' show CircuitBreakerConfigError, CircuitBreakerError, CircuitBreakerException;
export 'src/explanation.dart' show Explanation;
export 'src/http_client.dart' show BreakerFor, CircuitBreakerHttpClient;
export 'src/metrics.dart' show CircuitBreakerMetrics;
export 'src/permit.dart' show Permit;
export 'src/registry.dart' show CircuitBreakerRegistry;
export 'src/state.dart' show CircuitBreakerState, CircuitState, Effect, Outcome, RejectReason, TransitionReason, TransportError;
export 'src/tables.dart' show classifyGrpcStatus, classifyHttpStatus, classifyTransportError;
export 'src/transition.dart' show Transition;
