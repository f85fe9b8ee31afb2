# frozen_string_literal: true

module K1s0
  class CircuitBreaker
    # Leave to make one call, to be settled once:
    #
    #     permit = breaker.acquire
    #     begin
    #       publish(message)
    #       permit.success
    #     ensure
    #       permit.cancel # does nothing where it is settled
    #     end
    #
    # One that is collected without that counts as cancelled.
    class Permit
      def initialize(handle)
        word = handle.word
        began = 0
        word, began = handle.ask if word.odd?
        @held = Held.new(handle, word, began)
        # Only these can hold a slot.
        ObjectSpace.define_finalizer(self, @held.forgotten) if word.odd? || began.positive?
      end

      # Whether it has been settled.
      def settled? = @held.settled?

      # The service is able to do its work. Like the others, answers one of EFFECTS.
      def success = settle(:success)

      # It is not. `retry_after` is for how many seconds the server asks not to be called; it counts if this failure opens the
      # circuit.
      def failure(retry_after: nil) = settle(:failure, retry_after: retry_after)

      # The result says nothing about the service: a business error.
      def ignore = settle(:ignored)

      # The caller gave up.
      def cancel = settle(:cancelled)

      # Any of OUTCOMES. A permit that was settled before is left alone: `:already_settled`.
      def settle(outcome, retry_after: nil) = @held.settle(outcome, retry_after)

      # What is to be settled, apart from the permit, so that it can be when that is gone.
      class Held
        def initialize(handle, word, began)
          @handle = handle
          @word = word
          @began = began
          @open = Queue.new
          @open << true
        end

        def settled? = @open.empty?

        def settle(outcome, retry_after)
          unless OUTCOMES.include?(outcome)
            raise ArgumentError, "no outcome #{outcome.inspect}; there are #{OUTCOMES}"
          end

          # Taken by one thread only.
          begin
            @open.pop(true)
          rescue ThreadError
            return :already_settled
          end
          @handle.settle(@word, @began, outcome, retry_after)
        end

        # For a finalizer, which must not know the permit.
        def forgotten = proc { settle(:cancelled, nil) }
      end
      private_constant :Held
    end
  end
end
