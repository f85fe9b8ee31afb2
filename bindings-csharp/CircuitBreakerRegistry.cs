using System;
using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Threading;

namespace K1s0.System.CircuitBreaker;

/// <summary>
/// Breakers by name, one for each service: made when they are first asked for. Any number of threads may use a registry at once. A breaker stays
/// until it is removed, so names are to be of a few services, not of requests.
/// </summary>
public sealed class CircuitBreakerRegistry : IReadOnlyCollection<CircuitBreaker>
{
    private readonly CircuitBreakerConfig _config;
    private readonly Action<CircuitBreakerOptions>? _configure;
    private readonly ConcurrentDictionary<string, Lazy<CircuitBreaker>> _breakers = new(StringComparer.Ordinal);

    /// <summary>
    /// Each breaker is made of this configuration, which is checked now. <paramref name="configure"/> may set the options of each; the name is
    /// there already.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public CircuitBreakerRegistry(CircuitBreakerConfig config, Action<CircuitBreakerOptions>? configure = null)
    {
        _config = config ?? throw new ArgumentNullException(nameof(config));
        _configure = configure;
        new CircuitBreaker(config).Dispose();
    }

    /// <summary>How many there are.</summary>
    public int Count => _breakers.Count;

    /// <summary>The breaker of this name, made if there is none. <paramref name="config"/> is that of a new one.</summary>
    /// <exception cref="ArgumentException">There is one of this name with another configuration.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public CircuitBreaker GetOrAdd(string name, CircuitBreakerConfig? config = null)
    {
        if (name is null)
        {
            throw new ArgumentNullException(nameof(name));
        }
        if (!_breakers.TryGetValue(name, out Lazy<CircuitBreaker>? entry))
        {
            // Of threads that come at once, one makes it. One whose configuration is refused is not remembered.
            entry = _breakers.GetOrAdd(name, new Lazy<CircuitBreaker>(() => Make(name, config ?? _config), LazyThreadSafetyMode.ExecutionAndPublication));
        }
        CircuitBreaker breaker;
        try
        {
            breaker = entry.Value;
        }
        catch
        {
            ((ICollection<KeyValuePair<string, Lazy<CircuitBreaker>>>)_breakers).Remove(new(name, entry));
            throw;
        }
        return config is null || config == breaker.Config
            ? breaker
            : throw new ArgumentException($"there is a circuit breaker {name} with another configuration", nameof(config));
    }

    /// <summary>The breaker of this name, if there is one.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out CircuitBreaker? breaker)
    {
        breaker = _breakers.TryGetValue(name, out Lazy<CircuitBreaker>? entry) && entry.IsValueCreated ? entry.Value : null;
        return breaker is not null;
    }

    /// <summary>Forgets a breaker; who has it can use it on. Answers whether there was one.</summary>
    public bool Remove(string name) => _breakers.TryRemove(name, out _);

    /// <inheritdoc/>
    public IEnumerator<CircuitBreaker> GetEnumerator()
    {
        foreach (KeyValuePair<string, Lazy<CircuitBreaker>> entry in _breakers)
        {
            if (entry.Value.IsValueCreated)
            {
                yield return entry.Value.Value;
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private CircuitBreaker Make(string name, CircuitBreakerConfig config)
    {
        var options = new CircuitBreakerOptions { Name = name };
        _configure?.Invoke(options);
        return new CircuitBreaker(config, options);
    }
}
