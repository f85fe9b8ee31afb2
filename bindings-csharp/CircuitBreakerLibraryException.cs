using System;

namespace K1s0.System.CircuitBreaker;

/// <summary>The native library is missing, of another version than this package, or has a defect.</summary>
public class CircuitBreakerLibraryException : Exception
{
    internal CircuitBreakerLibraryException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
