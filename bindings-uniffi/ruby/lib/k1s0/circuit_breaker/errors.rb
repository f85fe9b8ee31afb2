# frozen_string_literal: true

module K1s0
  class CircuitBreaker
    # A call was not made, because the circuit does not let it.
    class Error < StandardError
      # Why: one of REJECT_REASONS.
      attr_reader :reason
      # In how many seconds to come back, if anybody can say: not while probes are out, nor in a forced mode, nor where a
      # wait never ends.
      attr_reader :retry_after
      # The breaker's name, if it has one.
      attr_reader :breaker_name

      def initialize(reason, retry_after, name)
        @reason = reason
        @retry_after = retry_after
        @breaker_name = name
        which = name ? "the circuit breaker #{name.inspect}" : 'the circuit breaker'
        what = reason == :half_open ? 'is half-open, and its probes are out' : 'is open'
        super(retry_after ? "#{which} #{what}; retry after #{retry_after} s" : "#{which} #{what}")
      end
    end

    # A field of a configuration is not what it may be.
    class ConfigError < ArgumentError
      # The field's name, what it was, and what it may be.
      attr_reader :field, :value, :range

      def initialize(field, value, range)
        @field = field
        @value = value
        @range = range
        super("#{field} is #{value.inspect}; it must be #{range}")
      end
    end
  end
end
