export { grpcRetryPushbackMs, retryAfterMs } from "./asked.js";
export type { CallOptions, CircuitBreakerOptions } from "./breaker.js";
export { CircuitBreaker } from "./breaker.js";
export type { Classifier, TransportError, Verdict } from "./classifier.js";
export { classifyGrpcStatus, classifyHttpStatus, classifyTransportError } from "./classifier.js";
export { backend } from "./core.js";
export type {
  CircuitBreakerConfig,
  CircuitBreakerLevels,
  CircuitBreakerRateConfig,
  CircuitBreakerSettings,
} from "./config.js";
export {
  CircuitBreakerConfigError,
  CircuitBreakerConfigTypeError,
  CircuitBreakerError,
} from "./error.js";
export type { Explanation, Need, Past, Rules, WindowContent } from "./explanation.js";
export type { CircuitBreakerEvents } from "./listeners.js";
export type { CircuitBreakerMetrics } from "./metrics.js";
export type {
  CircuitState,
  Effect,
  Outcome,
  Reason,
  RejectReason,
  StateName,
} from "./outcome.js";
export type { EndingOptions, Permit } from "./permit.js";
export { CircuitBreakerRegistry } from "./registry.js";
export type { Clock } from "./time.js";
export type { Transition } from "./transition.js";
