# frozen_string_literal: true

module K1s0
  class CircuitBreaker
    # Breakers by name, one for each service: made when they are first asked for. Any number of threads may ask.
    class Registry
      # Each breaker is made with these arguments, which are checked now.
      def initialize(**options)
        CircuitBreaker.new(**options)
        @options = options
        @breakers = {}
        @lock = Mutex.new
      end

      # The breaker of this name; `options` count where it is made by this call.
      def get(name, **options)
        @breakers[name] || @lock.synchronize do
          @breakers[name] || (@breakers = @breakers.merge(name => make(name, options)))[name]
        end
      end

      # The breaker of this name.
      def [](name) = get(name)

      # Whether there is one of this name.
      def include?(name) = @breakers.key?(name)

      # Forgets a breaker, and answers it, if there was one; who has it can use it on.
      def delete(name)
        @lock.synchronize do
          found = @breakers[name]
          @breakers = @breakers.except(name)
          found
        end
      end

      # Names and breakers, as they are now, in the order in which they were made.
      def to_h = @breakers.dup

      private

      def make(name, options) = CircuitBreaker.new(**@options, **options, name: name)
    end
  end
end
