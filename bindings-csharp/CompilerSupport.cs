#if !NET5_0_OR_GREATER
// What the compiler wants and netstandard2.1 has not.
namespace System.Runtime.CompilerServices
{
    /// <summary>For init properties and records.</summary>
    internal static class IsExternalInit
    {
    }

    /// <summary>Locals are not cleared.</summary>
    [AttributeUsage(AttributeTargets.Module)]
    internal sealed class SkipLocalsInitAttribute : Attribute
    {
    }
}
#endif
