# frozen_string_literal: true

require 'json'

module K1s0
  class CircuitBreaker
    # What a breaker is doing, why, and what would change it, at one moment. `to_s` are some lines for a person, which any
    # release may put differently.
    class Explanation
      # The breaker's name, if it has one.
      attr_reader :name

      def initialize(found, name)
        @found = found
        @name = name
      end

      # The state: one of STATES.
      def state = STATES[@found.state]

      # The state that `automatic` would bring back.
      def automatic_state = STATES[@found.automatic_state]

      # Whether a forced mode is on.
      def forced = @found.forced

      # Whether it decides and tells, but rejects nothing.
      def shadow = @found.shadow

      # 1 at first, one more after each transition.
      def epoch = @found.epoch

      # Why a call now would be rejected; nil if it would not.
      def would_reject = @found.would_reject && REJECT_REASONS[@found.would_reject]

      # What would change the state, a sentence each.
      def needs = @found.needs

      # What is left of the wait in seconds; nil where there is none, or it never ends.
      def remaining_wait = Seconds.from_nanoseconds(@found.remaining_wait)

      # All of it, in the library's names: also the rules, the window's content, and the last transitions with the counts
      # that caused them. Times are nanoseconds, `…_ns`, fractions parts in a million, `…_ppm`.
      def to_h = JSON.parse(@found.json)

      def to_s = @found.text
    end
  end
end
