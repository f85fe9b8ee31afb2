# frozen_string_literal: true

module K1s0
  class CircuitBreaker
    # When a circuit opens, how long it stays open, and when it closes: core's settings, some of them said otherwise.
    class Config
      COUNTS = %i[
        failure_threshold success_threshold half_open_max_calls minimum_calls window_calls window_buckets slow_minimum_calls
      ].freeze
      DURATIONS = %i[timeout probe_timeout window_time slow_call_duration max_timeout].freeze
      FRACTIONS = %i[failure_rate slow_call_rate backoff_multiplier jitter].freeze
      FLAGS = %i[count_hung_calls shadow].freeze
      FIELDS = [*COUNTS, *DURATIONS, *FRACTIONS, *FLAGS, :jitter_seed].freeze
      # Those for which nil says something.
      OPTIONAL = %i[failure_threshold window_time slow_call_duration max_timeout failure_rate jitter_seed].freeze

      # The library's record.
      attr_reader :settings

      def initialize(given)
        unknown = given.keys - FIELDS
        raise ArgumentError, "unknown field: #{unknown.join(', ')}" unless unknown.empty?

        @given = given
        @settings = K1s0CircuitBreaker.default_settings
        given.each { |field, value| @settings.instance_variable_set(:"@#{field}", native(field, value)) }
      end

      # What core has against it, with the value as it was given.
      def refused(error)
        field = error.field.to_sym
        field = @given[:window_time] ? :window_time : :window_calls if field == :window
        ConfigError.new(field, @given.fetch(field) { @settings.public_send(field) }, error.range)
      end

      private

      def native(field, value)
        return nil if value.nil? && OPTIONAL.include?(field)

        case field
        when *COUNTS then count(field, value)
        when *DURATIONS then Seconds.to_nanoseconds(field, value)
        when *FRACTIONS then fraction(field, value)
        when *FLAGS then flag(field, value)
        else seed(field, value)
        end
      end

      # What the library has no number for, it is to refuse: -1 is out of every count's range.
      def count(field, value)
        raise ConfigError.new(field, value, 'an Integer') unless value.is_a?(Integer)

        value.bit_length > 63 ? -1 : value
      end

      def fraction(field, value)
        raise ConfigError.new(field, value, 'a number') unless value.is_a?(Numeric) && value.real?

        value.to_f
      end

      def flag(field, value)
        raise ConfigError.new(field, value, 'true or false') unless [true, false].include?(value)

        value
      end

      def seed(field, value)
        raise ConfigError.new(field, value, 'an Integer') unless value.is_a?(Integer)

        value % (2**64)
      end
    end
    private_constant :Config
  end
end
