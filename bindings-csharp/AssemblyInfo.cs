using System.Runtime.CompilerServices;

// The conformance suite has numbers that an int or a TimeSpan cannot hold.
[assembly: InternalsVisibleTo("CircuitBreaker.Tests")]
