# frozen_string_literal: true

module K1s0
  class CircuitBreaker
    # State and totals of one breaker at one moment. Totals only ever grow.
    class Metrics
      # What is as the library has it: counts, and
      # `epoch`, 1 at first, one more after each transition;
      # `consecutive_failures`, `window_calls`, `window_failures`, `window_slow`, 0 unless closed;
      # `probes_in_flight`; `forced`; `success_rate`, nil before the first success or failure.
      NUMBERS = %i[
        success_count failure_count ignored_count cancelled_count rejected_count would_reject_count slow_count stale_count
        transition_count epoch consecutive_failures probes_in_flight forced success_rate window_calls window_failures
        window_slow
      ].freeze

      def initialize(found)
        @found = found
      end

      NUMBERS.each { |name| define_method(name) { @found.public_send(name) } }

      # The state: one of STATES.
      def state = STATES[@found.state]

      # Rejected calls by REJECT_REASONS.
      def rejected_by_reason = REJECT_REASONS.zip(@found.rejected_by_reason).to_h

      # Calls that would have been rejected but for `shadow`, by REJECT_REASONS.
      def would_reject_by_reason = REJECT_REASONS.zip(@found.would_reject_by_reason).to_h

      # What is left of the wait in seconds while open, 0.0 once it is over; nil where it never ends, in a forced mode, and
      # while not open.
      def remaining_wait = Seconds.from_nanoseconds(@found.remaining_wait)

      # Changes from one state to another.
      def transitions_between(from, to)
        @found.transitions_between[(STATES.index(from) * STATES.size) + STATES.index(to)]
      end

      # All of it.
      def to_h
        NUMBERS.to_h { |name| [name, public_send(name)] }.merge(
          state: state,
          rejected_by_reason: rejected_by_reason,
          would_reject_by_reason: would_reject_by_reason,
          remaining_wait: remaining_wait
        )
      end
    end
  end
end
