package bench;

import com.sun.jna.Native;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.k1s0.circuitbreaker.CircuitBreaker;
import io.k1s0.circuitbreaker.CircuitBreakerConfig;
import io.k1s0.circuitbreaker.CircuitBreakerException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What a guarded call costs; all breakers are shared by all threads of a run. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Calls {
    /** The smallest call that there is through JNA, mapped directly. */
    private static final class C {
        static {
            Native.register(C.class, "c");
        }

        static native int abs(int number);
    }

    private int number = 42;

    private final Callable<Integer> callable = () -> number;
    private final Supplier<Integer> supplier = () -> number;

    private final CircuitBreaker inARow = new CircuitBreaker();
    private final CircuitBreaker lastCalls = of(CircuitBreakerConfig.builder().failureRate(0.5));
    private final CircuitBreaker lastSeconds =
            of(CircuitBreakerConfig.builder().failureRate(0.5).windowTime(Duration.ofSeconds(10)));
    private final CircuitBreaker open = new CircuitBreaker();
    private final io.github.resilience4j.circuitbreaker.CircuitBreaker theirs =
            io.github.resilience4j.circuitbreaker.CircuitBreaker.ofDefaults("theirs");
    private final io.github.resilience4j.circuitbreaker.CircuitBreaker theirsOpen =
            io.github.resilience4j.circuitbreaker.CircuitBreaker.ofDefaults("open");

    public Calls() {
        open.forceOpen();
        theirsOpen.transitionToForcedOpenState();
    }

    private static CircuitBreaker of(io.k1s0.circuitbreaker.CircuitBreakerConfigBuilder config) {
        return CircuitBreaker.builder().config(config.build()).build();
    }

    @Benchmark
    public Integer bare() throws Exception {
        return callable.call();
    }

    @Benchmark
    public int jna() {
        return C.abs(number);
    }

    @Benchmark
    public Integer resilience4j() {
        return theirs.executeSupplier(supplier);
    }

    @Benchmark
    public Integer k1s0InARow() throws Exception {
        return inARow.call(callable);
    }

    @Benchmark
    public Integer k1s0LastCalls() throws Exception {
        return lastCalls.call(callable);
    }

    @Benchmark
    public Integer k1s0LastSeconds() throws Exception {
        return lastSeconds.call(callable);
    }

    @Benchmark
    public Object k1s0Rejected() throws Exception {
        try {
            return open.call(callable);
        } catch (CircuitBreakerException rejection) {
            return rejection;
        }
    }

    @Benchmark
    public Object resilience4jRejected() {
        try {
            return theirsOpen.executeSupplier(supplier);
        } catch (CallNotPermittedException rejection) {
            return rejection;
        }
    }
}
