using System.Runtime.CompilerServices;

// The conformance suite has numbers that an int or a TimeSpan cannot hold.
[assembly: InternalsVisibleTo("CircuitBreaker.Tests")]

// The library writes what it is handed a pointer to: clearing it before would cost as much as the call. A struct that C# reads is always assigned.
[module: SkipLocalsInit]
