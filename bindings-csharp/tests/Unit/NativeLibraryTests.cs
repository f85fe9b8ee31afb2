using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Text.RegularExpressions;
using Tests.Conformance;
using K1s0.System.CircuitBreaker;
using K1s0.System.CircuitBreaker.Interop;
using Xunit;

namespace Tests.Unit;

public class NativeLibraryTests
{
    private static readonly string s_header = File.ReadAllText(Path.Combine(Suite.Root, "bindings-c/include/k1s0_circuit_breaker.h"));

    [Fact]
    public void Functions_are_the_headers()
    {
        MethodInfo[] imported = typeof(NativeMethods).GetMethods(BindingFlags.Static | BindingFlags.NonPublic)
            .Where(it => it.GetCustomAttribute<DllImportAttribute>() is not null).ToArray();
        Assert.InRange(imported.Length, 35, 100);
        foreach (MethodInfo function in imported)
        {
            Match declared = Regex.Match(s_header, $@"\b{function.Name}\(([^;]*)\);");
            Assert.True(declared.Success, $"{function.Name} is not in the header");
            string parameters = declared.Groups[1].Value.Trim();
            string[] theirs = parameters == "void" ? Array.Empty<string>() : parameters.Split(',').Select(it => Regex.Match(it, @"(\w+)\s*$").Value).ToArray();
            Assert.Equal(theirs.Select(Plain), function.GetParameters().Select(it => Plain(it.Name!)));
        }
    }

    [Theory]
    [InlineData("k1s0_cb_config", typeof(NativeConfig), 176)]
    [InlineData("k1s0_cb_config_error", typeof(NativeConfigError), 352)]
    [InlineData("k1s0_cb_rejection", typeof(NativeRejection), 16)]
    [InlineData("k1s0_cb_transition", typeof(NativeTransition), 32)]
    [InlineData("k1s0_cb_metrics", typeof(NativeMetrics), 272)]
    public void Structs_are_the_headers(string name, Type type, int size)
    {
        string body = Regex.Match(s_header, $@"typedef struct {name} {{(.*?)}} {name};", RegexOptions.Singleline).Groups[1].Value;
        string[] theirs = Regex.Matches(body, @"^\s+(?!//)[\w ]+?\s(\w+)(\[\w+\])*;", RegexOptions.Multiline).Select(it => it.Groups[1].Value).ToArray();
        FieldInfo[] ours = type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic);
        Assert.NotEmpty(theirs);
        Assert.Equal(theirs.Select(Plain), ours.OrderBy(it => Marshal.OffsetOf(type, it.Name)).Select(it => Plain(it.Name)));
        Assert.Equal(size, Marshal.SizeOf(type));
    }

    [Fact]
    public void Constants_are_the_headers()
    {
        Assert.Equal(NativeMethods.AbiVersion.ToString(), Constant("ABI_VERSION"));
        Assert.Equal($"{NativeMethods.Never}ull", Constant("NEVER"));
        Assert.Equal($"{NativeMethods.Off}ull", Constant("OFF"));
        Assert.Equal($"{NativeMethods.WindowOfTime}", Constant("WINDOW_TIME"));
        Assert.Equal($"{NativeMethods.RecentTransitions}", Constant("RECENT_TRANSITIONS"));
        Assert.Equal($"{NativeMethods.MaxName}", Constant("MAX_NAME"));
        Assert.Equal($"{NativeMethods.Rejected}", Constant("REJECTED"));
        Assert.Equal($"{NativeMethods.AlreadySettled}", Constant("ALREADY_SETTLED"));
        Assert.Equal($"{NativeMethods.InvalidConfig}", Constant("INVALID_CONFIG"));
        Assert.Equal($"{NativeMethods.BufferTooSmall}", Constant("BUFFER_TOO_SMALL"));
        Assert.Equal(Enum.GetValues<TransitionReason>().Length - 1, int.Parse(Constant("REASON_AUTOMATIC")));
    }

    [Fact]
    public unsafe void Library_and_package_have_the_workspaces_version()
    {
        string workspace = Regex.Match(File.ReadAllText(Path.Combine(Suite.Root, "Cargo.toml")), @"^version = ""(.*)""", RegexOptions.Multiline).Groups[1].Value;
        Assert.Equal(workspace, typeof(CircuitBreaker).Assembly.GetName().Version!.ToString(3));
        Assert.Equal(workspace, NativeLibraryCheck.Text(NativeMethods.k1s0_cb_version()));
    }

    [Fact]
    public void A_library_of_another_abi_is_refused_and_both_versions_are_named()
    {
        string fake = Path.Combine(Path.GetTempPath(), $"libfake-{Environment.ProcessId}.so");
        string source = Path.ChangeExtension(fake, ".c");
        File.WriteAllText(source, "unsigned k1s0_cb_abi_version(void) { return 99; } const char *k1s0_cb_version(void) { return \"9.8.7\"; }");
        using Process compiler = Process.Start("cc", new[] { "-shared", "-fPIC", "-o", fake, source });
        compiler.WaitForExit();
        Assert.Equal(0, compiler.ExitCode);
        string message = MessageWith(() => NativeLibrary.Load(fake));
        File.Delete(fake);
        File.Delete(source);
        string version = typeof(CircuitBreaker).Assembly.GetName().Version!.ToString(3);
        Assert.Equal(
            $"K1s0.System.CircuitBreaker {version} needs version 2 of the native library's ABI, and the k1s0_circuit_breaker that was loaded (version 9.8.7) has 99",
            message);
    }

    [Fact]
    public void A_library_that_is_not_there_is_named_with_the_platform()
    {
        string message = MessageWith(() => throw new DllNotFoundException("it is not there"));
        Assert.StartsWith("the native library k1s0_circuit_breaker cannot be loaded on ", message);
        Assert.Contains($"{RuntimeInformation.ProcessArchitecture}", message);
        Assert.Contains("it is not there", message);
    }

    /// <summary>What a breaker says that is made where the native library is another.</summary>
    private static string MessageWith(Func<IntPtr> load)
    {
        Assembly package = new Elsewhere(load).LoadFromAssemblyPath(typeof(CircuitBreaker).Assembly.Location);
        Type type = package.GetType(typeof(CircuitBreakerConfig).FullName!)!;
        var thrown = Assert.Throws<TargetInvocationException>(() => type.GetProperty("Default")!.GetValue(null)).InnerException!;
        Assert.Equal(typeof(CircuitBreakerLibraryException).FullName, thrown.GetType().FullName);
        return thrown.Message;
    }

    private static string Constant(string name) => Regex.Match(s_header, $@"#define K1S0_CB_{name} (\w+)").Groups[1].Value;

    private static string Plain(string name) => name.Replace("_", string.Empty).ToLowerInvariant();

    private sealed class Elsewhere : AssemblyLoadContext
    {
        private readonly Func<IntPtr> _load;

        internal Elsewhere(Func<IntPtr> load)
            : base("elsewhere") => _load = load;

        protected override IntPtr LoadUnmanagedDll(string name) => name == NativeMethods.Library ? _load() : IntPtr.Zero;
    }
}
