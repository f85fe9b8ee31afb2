namespace K1s0.System.CircuitBreaker;

/// <summary>What a breaker was doing at one moment, why, and what would change that.</summary>
public sealed class Explanation
{
    private readonly string _text;

    internal Explanation(string json, string text)
    {
        Json = json;
        _text = text;
    }

    /// <summary>
    /// All of it as JSON, the same in every language of k1s0 and for programs: name, state, rules, the window's content, what is left of the wait, why a call would
    /// be rejected, and the last transitions with the counts that caused them. Names are never changed or taken away; values that a program
    /// does not know may come. Times are whole nanoseconds, as <c>…_ns</c>.
    /// </summary>
    public string Json { get; }

    /// <summary>A few lines for a person; any release may put them differently.</summary>
    public override string ToString() => _text;
}
