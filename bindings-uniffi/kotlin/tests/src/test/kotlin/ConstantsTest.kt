// What this package writes down of core is what core says.

import com.google.gson.JsonParser
import conformance.read
import conformance.text
import conformance.word
import io.k1s0.circuitbreaker.CircuitBreaker
import io.k1s0.circuitbreaker.CircuitBreakerConfig
import io.k1s0.circuitbreaker.CircuitState
import io.k1s0.circuitbreaker.Effect
import io.k1s0.circuitbreaker.Outcome
import io.k1s0.circuitbreaker.RejectReason
import io.k1s0.circuitbreaker.TransitionReason
import io.k1s0.circuitbreaker.TransportError
import io.k1s0.circuitbreaker.classifyGrpcStatus
import io.k1s0.circuitbreaker.classifyHttpStatus
import io.k1s0.circuitbreaker.classifyTransportError
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Test

class ConstantsTest {
    private val constants = read("constants.json")

    private fun names(of: String, name: String = "name") =
        constants[of].asJsonArray.map { word(if (it.isJsonObject) it.asJsonObject[name].asString else it.asString) }

    @Test
    fun `words stand at their numbers`() {
        assertEquals(names("states", "label"), CircuitState.entries.map { it.name })
        assertEquals(names("outcomes"), Outcome.entries.map { it.name })
        assertEquals(names("effects"), Effect.entries.map { it.name })
        assertEquals(names("reasons"), TransitionReason.entries.map { it.name })
        assertEquals(names("reject_reasons"), RejectReason.entries.map { it.name })
        assertEquals(names("transport_errors"), TransportError.entries.map { it.name })
    }

    @Test
    fun `defaults are core's`() {
        // Two breakers, one of our defaults and one of core's own: their rules are the same.
        fun rules(config: CircuitBreakerConfig) =
            JsonParser.parseString(CircuitBreaker(config).explain().json).asJsonObject["rules"].asJsonObject
        val ours = rules(CircuitBreakerConfig())
        val theirs = constants["defaults"].asJsonObject
        assertEquals(theirs["failure_threshold"].asLong, ours["failure_threshold"].asLong)
        assertEquals(theirs["success_threshold"].asLong, ours["success_threshold"].asLong)
        assertEquals(theirs["timeout_ms"].asLong * 1_000_000, ours["timeout_ns"].asLong)
        assertEquals(theirs["half_open_max_calls"].asLong, ours["half_open_max_calls"].asLong)
        assertEquals(theirs["probe_timeout_ms"].asLong * 1_000_000, ours["probe_timeout_ns"].asLong)
        assertEquals(theirs["max_timeout_ms"].asLong * 1_000_000, ours["max_timeout_ns"].asLong)
        // What the rules do not show while it is off.
        val on = rules(CircuitBreakerConfig(failureRate = 0.5, slowCallDuration = kotlin.time.Duration.parse("1s")))
        val explicit = rules(
            CircuitBreakerConfig(
                failureRate = 0.5,
                slowCallDuration = kotlin.time.Duration.parse("1s"),
                minimumCalls = theirs["minimum_calls"].asLong,
                windowCalls = theirs["window_calls"].asLong,
                slowCallRate = theirs["slow_call_rate"].asDouble,
                slowMinimumCalls = theirs["slow_minimum_calls"].asLong,
                countHungCalls = theirs["count_hung_calls"].asBoolean,
                backoffMultiplier = theirs["backoff_multiplier"].asDouble,
                jitter = theirs["jitter"].asDouble,
                shadow = theirs["shadow"].asBoolean,
            ),
        )
        assertEquals(explicit, on)
    }

    @Test
    fun `HTTP statuses`() {
        for ((outcome, ranges) in constants["http_status"].asJsonObject.entrySet()) {
            for (range in ranges.asJsonArray.map { it.asJsonArray }) {
                for (status in range[0].asInt..range[1].asInt) {
                    assertEquals(word(outcome), classifyHttpStatus(status).name, "$status")
                }
            }
        }
        assertEquals(Outcome.FAILURE, classifyHttpStatus(200 + 65536))
        assertEquals(Outcome.FAILURE, classifyHttpStatus(-1))
    }

    @Test
    fun `gRPC statuses and transport errors`() {
        for (it in constants["grpc_status"].asJsonArray.map { it.asJsonObject }) {
            assertEquals(word(it.text("outcome")!!), classifyGrpcStatus(it["code"].asInt).name)
        }
        for (it in constants["transport_errors"].asJsonArray.map { it.asJsonObject }) {
            val error = TransportError.valueOf(word(it.text("name")!!))
            assertEquals(word(it.text("outcome")!!), classifyTransportError(error).name)
        }
    }
}
