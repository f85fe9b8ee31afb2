import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.k1s0.circuitbreaker.CircuitBreaker;
import io.k1s0.circuitbreaker.CircuitBreakerConfig;
import io.k1s0.circuitbreaker.CircuitBreakerException;
import io.k1s0.circuitbreaker.CircuitState;
import io.k1s0.circuitbreaker.Permit;
import io.k1s0.circuitbreaker.Verdict;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** A caller that knows no Kotlin. */
class JavaCallerTest {
    private final AtomicLong now = new AtomicLong();

    private CircuitBreaker breaker() {
        CircuitBreakerConfig config =
                CircuitBreakerConfig.builder().failureThreshold(2L).timeout(Duration.ofSeconds(10)).build();
        return CircuitBreaker.builder()
                .config(config)
                .name("users")
                .nanoClock(now::get)
                .classifyError(error -> error instanceof FileNotFoundException ? Verdict.IGNORED : null)
                .build();
    }

    private static String down() throws IOException {
        throw new IOException("down");
    }

    @Test
    void callsAreGuarded() throws Exception {
        CircuitBreaker breaker = breaker();
        List<String> told = new ArrayList<>();
        try (AutoCloseable subscription = breaker.onTransition(transition -> told.add(transition.toString()))) {
            assertEquals("a user", breaker.call(() -> "a user"));
            assertThrows(IOException.class, () -> breaker.call(JavaCallerTest::down));
            assertThrows(IOException.class, breaker.wrap(JavaCallerTest::down)::call);
        }
        assertEquals(List.of("users: closed -> open (failure_threshold)"), told);
        assertEquals(CircuitState.OPEN, breaker.getState());
        assertTrue(breaker.isOpen());
        now.set(4_000_000_000L);
        CircuitBreakerException rejection =
                assertThrows(CircuitBreakerException.class, () -> breaker.call(() -> "not called"));
        assertEquals(Duration.ofSeconds(6), rejection.getRetryAfter());
        assertEquals(1, breaker.metrics().getRejectedCount());
    }

    @Test
    void permitsAreClosed() throws Exception {
        CircuitBreaker breaker = new CircuitBreaker();
        try (Permit permit = breaker.acquire()) {
            permit.failure(Duration.ofSeconds(5));
        }
        try (Permit permit = breaker.acquire()) {
            assertTrue(!permit.getSettled());
        }
        assertEquals(1, breaker.metrics().getFailureCount());
        assertEquals(1, breaker.metrics().getCancelledCount());
    }
}
