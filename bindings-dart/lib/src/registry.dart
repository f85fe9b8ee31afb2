import 'breaker.dart';
import 'classifier.dart';
import 'clock.dart';
import 'config.dart';

/// Breakers by name, one for each service: made when they are first asked for.
final class CircuitBreakerRegistry {
  /// Each breaker is made of this configuration, which is checked now.
  CircuitBreakerRegistry(
    CircuitBreakerConfig config, {
    Clock clock = monotonicClock,
    ErrorClassifier? classifyError,
    ResultClassifier? classifyResult,
  }) : _config = config,
       _clock = clock,
       _classifyError = classifyError,
       _classifyResult = classifyResult {
    CircuitBreaker(config).close();
  }

  final CircuitBreakerConfig _config;
  final Clock _clock;
  final ErrorClassifier? _classifyError;
  final ResultClassifier? _classifyResult;
  final _breakers = <String, CircuitBreaker>{};

  /// The breaker of this name. A configuration counts where the breaker is made by this call.
  CircuitBreaker get(String name, [CircuitBreakerConfig? config]) {
    return _breakers[name] ??= CircuitBreaker(
      config ?? _config,
      name: name,
      clock: _clock,
      classifyError: _classifyError,
      classifyResult: _classifyResult,
    );
  }

  /// The breaker of this name.
  CircuitBreaker operator [](String name) => get(name);

  /// Whether there is one of this name.
  bool contains(String name) => _breakers.containsKey(name);

  /// Forgets a breaker, and answers it, if there was one; who has it can use it on.
  CircuitBreaker? remove(String name) => _breakers.remove(name);

  /// Names and breakers, in the order in which they were made.
  Map<String, CircuitBreaker> get breakers => Map.unmodifiable(_breakers);
}
