namespace K1s0.System.CircuitBreaker;

/// <summary>What a breaker was doing at one moment, why, and what would change that.</summary>
public sealed class Explanation
{
    private readonly string _text;

    internal Explanation(string? breakerName, string json, string text)
    {
        BreakerName = breakerName;
        Json = json;
        _text = text;
    }

    /// <summary>The breaker's name, if it has one.</summary>
    public string? BreakerName { get; }

    /// <summary>
    /// All of it as JSON, the same in every language of k1s0 and for programs: state, rules, the window's content, what is left of the wait, why a call would
    /// be rejected, and the last transitions with the counts that caused them. Names are never changed or taken away; values that a program
    /// does not know may come. Times are whole nanoseconds, as <c>…_ns</c>.
    /// </summary>
    public string Json { get; }

    /// <summary>A few lines for a person; any release may put them differently.</summary>
    public override string ToString() => _text;
}
