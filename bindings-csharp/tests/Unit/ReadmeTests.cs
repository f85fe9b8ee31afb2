using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using Tests.Conformance;
using Tests.Integration;
using ReadmeExamples;
using Xunit;

namespace Tests.Unit;

public class ReadmeTests
{
    private static readonly string s_folder = Path.Combine(Suite.Root, "bindings-csharp");

    [Fact]
    public void Every_example_is_compiled_as_it_stands()
    {
        string[] examples = Regex.Matches(File.ReadAllText(Path.Combine(s_folder, "README.md")), "```csharp\n(.*?)```", RegexOptions.Singleline)
            .Select(it => Unindented(it.Groups[1].Value)).ToArray();
        Assert.Equal(8, examples.Length);
        string compiled = Unindented(File.ReadAllText(Path.Combine(s_folder, "tests/Unit/ReadmeExamples.cs")));
        foreach (string example in examples)
        {
            Assert.Contains(example, compiled);
        }
    }

    [Fact]
    public async Task Every_example_does_what_it_says()
    {
        using var server = new FailingServer();
        var examples = new Examples();
        await examples.Use();
        examples.Configure();
        await examples.Http(server.Address);
        await examples.Deadlines(CancellationToken.None);
        examples.Classify();
        await examples.Permits();
        examples.Log();
        examples.Test();
        Assert.Equal(
            new[] { "user 42", "Closed False", "1", "OK", "answer to the slow question", "1", "payments: Closed -> Open (Trip)", "HalfOpen", string.Empty },
            examples.Printed.Split('\n'));
    }

    /// <summary>The fields that the table names are those that a configuration has.</summary>
    [Fact]
    public void The_table_of_fields_is_whole()
    {
        string readme = File.ReadAllText(Path.Combine(s_folder, "README.md"));
        string table = readme[readme.IndexOf("| field |")..readme.IndexOf("## Recipes")];
        var named = Regex.Matches(table, @"^\| (.*?) \|", RegexOptions.Multiline).SelectMany(row => Regex.Matches(row.Value, @"`(\w+)`")).Select(it => it.Groups[1].Value);
        var fields = typeof(K1s0.System.CircuitBreaker.CircuitBreakerConfig).GetProperties().Where(it => it.CanWrite).Select(it => it.Name);
        Assert.Equal(fields.OrderBy(it => it), named.OrderBy(it => it));
    }

    private static string Unindented(string code) => string.Join("\n", code.Split('\n').Select(it => it.Trim()));
}
