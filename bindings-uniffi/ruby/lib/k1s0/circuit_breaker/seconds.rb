# frozen_string_literal: true

module K1s0
  class CircuitBreaker
    # Seconds, as Ruby gives lengths of time, and the library's nanoseconds.
    module Seconds
      # What the library takes for a length of time that never ends.
      NEVER = (2**64) - 1
      SECOND = 1_000_000_000

      module_function

      # Nanoseconds of a number of seconds, exact where the number is; what is longer than 64 bits hold is never.
      def to_nanoseconds(field, seconds)
        return NEVER if seconds.respond_to?(:infinite?) && seconds.infinite? == 1
        raise ConfigError.new(field, seconds, 'a number of seconds') unless seconds.respond_to?(:to_r)

        nanoseconds = (seconds.to_r * SECOND).round
        raise ConfigError.new(field, seconds, '0 or more') if nanoseconds.negative?

        [nanoseconds, NEVER].min
      rescue FloatDomainError
        raise ConfigError.new(field, seconds, '0 or more')
      end

      # Seconds; nil for what never ends.
      def from_nanoseconds(nanoseconds)
        nanoseconds.fdiv(SECOND) unless nanoseconds.nil? || nanoseconds == NEVER
      end
    end
    private_constant :Seconds
  end
end
