// The suite's files, and a scenario's words in this language's.

package conformance

import com.google.gson.JsonArray
import com.google.gson.JsonElement
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import io.k1s0.circuitbreaker.CircuitBreakerConfig
import java.io.File
import java.math.BigDecimal
import java.math.BigInteger
import java.time.Duration

/** What this runner was written for. */
const val SUITE = 2

/** Where the repository is: the tests run elsewhere. */
val root = File(requireNotNull(System.getenv("K1S0_ROOT")) { "K1S0_ROOT says where the repository is" })

fun read(name: String): JsonObject = JsonParser.parseString(File(root, "conformance/$name").readText()).asJsonObject

/** Every scenario of the manifest; fewer than it promises is an error. */
fun scenarios(): List<JsonObject> {
    val manifest = read("manifest.json")
    check(manifest["suite"].asInt == SUITE) { "this runner is for suite $SUITE, not ${manifest["suite"]}" }
    val found = manifest["files"].asJsonArray.flatMap { file ->
        read(file.asJsonObject["path"].asString)["scenarios"].asJsonArray.map { it.asJsonObject }
    }
    check(found.isNotEmpty() && found.size == manifest["scenarios"].asInt) {
        "${found.size} scenarios, and the manifest promises ${manifest["scenarios"]}"
    }
    return found
}

fun JsonObject.text(name: String): String? = get(name)?.takeUnless { it.isJsonNull }?.asString

fun JsonObject.list(name: String): JsonArray = get(name).asJsonArray

/** A time of a step or a config, in whichever unit it is given. */
fun nanoseconds(of: JsonObject, name: String = ""): BigInteger? {
    val prefix = if (name.isEmpty()) "" else "${name}_"
    of.text("${prefix}ns")?.let { return BigInteger(it) }
    val milliseconds = of.text("${prefix}ms") ?: return null
    return BigDecimal(milliseconds).movePointRight(6).toBigIntegerExact()
}

/** As the package takes it, exact; what is longer it takes for never. */
fun length(nanoseconds: BigInteger): Duration {
    val (seconds, rest) = nanoseconds.divideAndRemainder(BigInteger.valueOf(1_000_000_000))
    return Duration.ofSeconds(seconds.min(BigInteger.valueOf(Long.MAX_VALUE)).toLong(), rest.toLong())
}

/** What the constructor is given. */
fun config(json: JsonElement?): CircuitBreakerConfig {
    val given = json?.asJsonObject ?: JsonObject()
    val builder = CircuitBreakerConfig.builder()
    fun time(name: String, set: (Duration) -> Unit) = nanoseconds(given, name)?.let { set(length(it)) }
    fun count(name: String, set: (Long) -> Unit) = given.text(name)?.let { set(BigDecimal(it).toLong()) }
    fun part(name: String, set: (Double) -> Unit) = given.text(name)?.let { set(it.toDouble()) }
    fun flag(name: String, set: (Boolean) -> Unit) = given.text(name)?.let { set(it.toBooleanStrict()) }
    if (given.text("failure_threshold") == "off") {
        builder.failureThreshold(null)
    } else {
        count("failure_threshold") { builder.failureThreshold(it) }
    }
    count("success_threshold") { builder.successThreshold(it) }
    time("timeout") { builder.timeout(it) }
    count("half_open_max_calls") { builder.halfOpenMaxCalls(it) }
    time("probe_timeout") { builder.probeTimeout(it) }
    part("failure_rate") { builder.failureRate(it) }
    count("minimum_calls") { builder.minimumCalls(it) }
    count("window_calls") { builder.windowCalls(it) }
    time("window_time") { builder.windowTime(it) }
    count("window_buckets") { builder.windowBuckets(it) }
    time("slow_call_duration") { builder.slowCallDuration(it) }
    part("slow_call_rate") { builder.slowCallRate(it) }
    count("slow_minimum_calls") { builder.slowMinimumCalls(it) }
    flag("count_hung_calls") { builder.countHungCalls(it) }
    part("backoff_multiplier") { builder.backoffMultiplier(it) }
    time("max_timeout") { builder.maxTimeout(it) }
    part("jitter") { builder.jitter(it) }
    given.text("jitter_seed")?.let { builder.jitterSeed(it.toULong().toLong()) }
    flag("shadow") { builder.shadow(it) }
    return builder.build()
}

/** A word of the suite as this package names it. */
fun word(name: String): String = name.uppercase()

/** A name of the suite as this package's fields are written. */
fun camelCase(name: String): String = Regex("_([a-z])").replace(name) { it.groupValues[1].uppercase() }
