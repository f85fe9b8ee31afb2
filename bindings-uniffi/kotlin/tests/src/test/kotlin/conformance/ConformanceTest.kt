// Each scenario through each way in, a test each; the line at the end is the one of the contract.

package conformance

import com.google.gson.JsonObject
import io.k1s0.circuitbreaker.CircuitBreaker
import io.k1s0.circuitbreaker.CircuitBreakerConfigException
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory

class ConformanceTest {
    @TestFactory
    fun scenarios(): List<DynamicTest> = conformance.scenarios().flatMap { scenario ->
        if (scenario.has("refused")) {
            listOf(test("constructor", scenario) { isRefused(scenario) })
        } else {
            val open = ENTRIES.map { (name, enter) -> test(name, scenario) { Player(scenario, enter).play() } }
            val nested = NESTED.filter { isNested(scenario) }
                .map { (name, enter) -> test(name, scenario) { Player(scenario, enter).playNested() } }
            open + nested
        }
    }

    private fun test(entry: String, scenario: JsonObject, body: () -> Unit): DynamicTest {
        val name = scenario["name"].asString
        return dynamicTest("$entry::$name") {
            ran.add(name)
            try {
                body()
            } catch (error: Throwable) {
                failed.add(name)
                throw error
            }
        }
    }

    /** The error names the field, the value and the range, in this language's words. */
    private fun isRefused(scenario: JsonObject) {
        val expected = scenario["refused"].asJsonObject
        val error = assertThrows(CircuitBreakerConfigException::class.java) { CircuitBreaker(config(scenario["config"])) }
        var field = camelCase(expected["field"].asString)
        if (field == "window") {
            field = if (scenario["config"].asJsonObject.has("window_calls")) "windowCalls" else "windowTime"
        }
        assertEquals(field, error.field)
        expected.text("value")?.let { assertEquals(plain(it), plain(error.value?.toString() ?: "off")) }
        val range = Regex("[a-z]+(_[a-z]+)+").replace(expected["range"].asString) { camelCase(it.value) }
        assertEquals(range, error.range)
        assertTrue(error.message!!.startsWith("$field is ") && error.message!!.endsWith("; it must be $range"))
    }

    /** Numbers by their value, everything else as it prints. */
    private fun plain(text: String): Any = text.toDoubleOrNull() ?: text

    companion object {
        private val ran = HashSet<String>()
        private val failed = HashSet<String>()

        @AfterAll
        @JvmStatic
        fun count() {
            println("conformance: suite $SUITE, ${ran.size} run, ${failed.size} failed, 0 skipped")
            assertEquals(read("manifest.json")["scenarios"].asInt, ran.size)
        }
    }
}

/** Whether held calls end in the reverse order, as calls inside of calls do. */
private fun isNested(scenario: JsonObject): Boolean {
    val held = ArrayList<String?>()
    for (step in scenario.list("steps").map { it.asJsonObject }) {
        val op = step.text("op")
        val permit = step.text("permit")
        if (op == "acquire" && step["expect"].let { it.isJsonPrimitive && it.asString == "admitted" }) {
            held.add(permit)
        } else if ((op == "settle" || op == "drop") && permit in held) {
            if (held.removeAt(held.size - 1) != permit) {
                return false
            }
        }
    }
    return true
}
