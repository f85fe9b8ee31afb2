using System;
using System.Collections.Generic;
using System.Threading;
using K1s0.System.CircuitBreaker.Events;
using K1s0.System.CircuitBreaker.Interop;
#if NET8_0_OR_GREATER
using K1s0.System.CircuitBreaker.Metrics;
#endif

namespace K1s0.System.CircuitBreaker;

/// <summary>
/// Guards calls to another service: stops calling it while it is sick, and finds out by itself when it is well again. Make one for each
/// service, beside its client.
/// </summary>
/// <remarks>
/// Any number of threads may use a breaker at once. It has no timers and no threads. Nothing but <see cref="Dispose"/>d breakers throws
/// where the documentation of a member does not say so.
/// </remarks>
public sealed partial class CircuitBreaker : ICircuitBreaker, IDisposable
{
    private readonly Clock _clock;
    private readonly Announcer _announcer;
    private readonly Func<Exception, Verdict?>? _classifyException;
    private readonly Func<object?, Verdict?>? _classifyResult;
#if NET8_0_OR_GREATER
    private readonly CircuitBreakerInstruments? _instruments;
#endif
    private BreakerHandle _handle;

    /// <summary>A closed breaker.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range: <see cref="ArgumentException.ParamName"/> is the field, the
    /// message has value and range too.</exception>
    /// <exception cref="CircuitBreakerLibraryException">The native library is missing, or of another version.</exception>
    public CircuitBreaker(CircuitBreakerConfig config)
        : this(config, null)
    {
    }

    /// <summary>A closed breaker.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range: <see cref="ArgumentException.ParamName"/> is the field, the
    /// message has value and range too.</exception>
    /// <exception cref="ArgumentException">The options have two clocks.</exception>
    /// <exception cref="CircuitBreakerLibraryException">The native library is missing, or of another version.</exception>
    public CircuitBreaker(CircuitBreakerConfig config, CircuitBreakerOptions? options)
        : this(config, ConfigWriter.Write(config ?? throw new ArgumentNullException(nameof(config))), options)
    {
    }

    /// <summary>With a configuration in the library's own numbers, some of which no <see cref="CircuitBreakerConfig"/> can hold.</summary>
    internal CircuitBreaker(CircuitBreakerConfig config, in NativeConfig native, CircuitBreakerOptions? options)
    {
        options ??= new CircuitBreakerOptions();
        Config = config;
        Name = options.Name;
        _clock = Clock.Of(options);
        _classifyException = options.ClassifyException;
        _classifyResult = options.ClassifyResult;
        _announcer = new Announcer(this);
        _handle = ConfigWriter.Make(Name, config, native);
#if NET8_0_OR_GREATER
        _instruments = options.Instruments ?? (Name is null ? null : CircuitBreakerInstruments.Default);
        _instruments?.Observe(this);
#endif
    }

    /// <summary>
    /// Told of each change of state, by the thread that made it, before the operation that made it comes back; one after the other, in the order in
    /// which they happened, outside every lock. A handler may use the breaker. What a handler throws costs neither the caller its result
    /// nor other handlers the event: it is written to <see cref="CircuitBreakerEventSource"/>.
    /// </summary>
    public event EventHandler<CircuitStateChangedEventArgs>? StateChanged
    {
        add => _announcer.StateChanged += value;
        remove => _announcer.StateChanged -= value;
    }

    /// <summary>The name, if it was given one.</summary>
    public string? Name { get; }

    /// <summary>What it was made with.</summary>
    public CircuitBreakerConfig Config { get; }

    /// <inheritdoc/>
    public CircuitState State => Live().State(_clock.Now());

    /// <inheritdoc/>
    public bool IsOpen => State == CircuitState.Open;

    /// <inheritdoc/>
    public void RecordSuccess() => Operate(Operation.RecordSuccess);

    /// <inheritdoc/>
    public void RecordFailure() => Operate(Operation.RecordFailure);

    /// <summary>Closes the circuit, with nothing counted but the totals, and ends a forced mode.</summary>
    public void Reset() => Operate(Operation.Reset);

    /// <summary>Opens the circuit as a failure would; does nothing in a forced mode.</summary>
    public void Trip() => Operate(Operation.Trip);

    /// <summary>Rejects every call until <see cref="Automatic"/> or <see cref="Reset"/>.</summary>
    public void ForceOpen() => Operate(Operation.ForceOpen);

    /// <summary>Lets every call through and decides nothing until <see cref="Automatic"/> or <see cref="Reset"/>.</summary>
    public void ForceClosed() => Operate(Operation.ForceClosed);

    /// <summary>Ends a forced mode; what was underneath comes back.</summary>
    public void Automatic() => Operate(Operation.Automatic);

    /// <summary>
    /// Looks for calls that hang, where <see cref="CircuitBreakerConfig.CountHungCalls"/> is on. Admissions look by themselves; this is for when
    /// none come: call it about every <see cref="CircuitBreakerConfig.SlowCallDuration"/>.
    /// </summary>
    public void Tick() => Operate(Operation.Tick);

    /// <summary>State and totals. Changes nothing.</summary>
    public CircuitBreakerMetrics Metrics() => CircuitBreakerMetrics.Of(Live().Metrics(_clock.Now()));

    /// <summary>What it is doing, why, and what would change that. Changes nothing.</summary>
    public Explanation Explain()
    {
        BreakerHandle handle = Live();
        ulong now = _clock.Now();
        return new Explanation(handle.Explain(asJson: true, now), handle.Explain(asJson: false, now));
    }

    /// <summary>The last transitions, at most 32, the oldest first, whether somebody listened or not.</summary>
    public IReadOnlyList<CircuitStateChangedEventArgs> RecentTransitions()
    {
        NativeTransition[] found = Live().RecentTransitions();
        return Array.ConvertAll(found, it => new CircuitStateChangedEventArgs(Name, it));
    }

    /// <summary>
    /// Calls that come later throw <see cref="ObjectDisposedException"/>. Those in flight end as if nothing had happened, and with the last of them
    /// the breaker's memory can be collected. A breaker need not be disposed of: its memory is freed all the same when it is collected.
    /// </summary>
    public void Dispose()
    {
        Volatile.Write(ref _handle, BreakerHandle.Disposed);
#if NET8_0_OR_GREATER
        _instruments?.Forget(this);
#endif
    }

    private BreakerHandle Live()
    {
        BreakerHandle handle = _handle;
        return handle.IsDisposed ? throw new ObjectDisposedException(Name ?? nameof(CircuitBreaker)) : handle;
    }

    private unsafe void Operate(Operation operation)
    {
        NativeTransitions made;
        Live().Operate(operation, _clock.Now(), &made);
        _announcer.Tell(made);
    }
}
