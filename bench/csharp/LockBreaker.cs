using System;
using System.Diagnostics;
using System.Threading.Tasks;

namespace Bench;

/// <summary>
/// The breaker that a .NET team writes itself: a lock around a state, a counter and a time. It does what k1s0's does with its defaults, but for
/// listeners, late results, hung probes and the totals other than those of success and failure.
/// </summary>
internal sealed class LockBreaker
{
    private readonly object _lock = new();
    private readonly int _failureThreshold;
    private readonly int _successThreshold;
    private readonly long _timeout;
    private int _failures;
    private int _probesSucceeded;
    private bool _isOpen;
    private bool _isProbing;
    private long _openedAt;

    internal LockBreaker(int failureThreshold, int successThreshold, TimeSpan timeout)
    {
        _failureThreshold = failureThreshold;
        _successThreshold = successThreshold;
        _timeout = (long)(timeout.TotalSeconds * Stopwatch.Frequency);
    }

    internal long Successes { get; private set; }

    internal long Failures { get; private set; }

    internal T Call<T>(Func<T> fn)
    {
        Admit();
        T result;
        try
        {
            result = fn();
        }
        catch
        {
            Failed();
            throw;
        }
        Succeeded();
        return result;
    }

    internal Task<T> CallAsync<T>(Func<Task<T>> fn)
    {
        Admit();
        Task<T> task = fn();
        if (!task.IsCompletedSuccessfully)
        {
            return Await(task);
        }
        Succeeded();
        return task;
    }

    private async Task<T> Await<T>(Task<T> task)
    {
        T result;
        try
        {
            result = await task.ConfigureAwait(false);
        }
        catch
        {
            Failed();
            throw;
        }
        Succeeded();
        return result;
    }

    private void Admit()
    {
        lock (_lock)
        {
            if (!_isOpen)
            {
                return;
            }
            if (_isProbing || Stopwatch.GetTimestamp() - _openedAt < _timeout)
            {
                throw new InvalidOperationException("circuit breaker is open");
            }
            _isProbing = true;
        }
    }

    private void Succeeded()
    {
        lock (_lock)
        {
            Successes++;
            _failures = 0;
            if (_isProbing)
            {
                _isProbing = false;
                if (++_probesSucceeded >= _successThreshold)
                {
                    _isOpen = false;
                    _probesSucceeded = 0;
                }
            }
        }
    }

    private void Failed()
    {
        lock (_lock)
        {
            Failures++;
            if (_isProbing || ++_failures >= _failureThreshold)
            {
                _isOpen = true;
                _isProbing = false;
                _probesSucceeded = 0;
                _openedAt = Stopwatch.GetTimestamp();
            }
        }
    }
}
