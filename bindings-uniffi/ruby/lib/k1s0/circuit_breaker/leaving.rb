# frozen_string_literal: true

require 'timeout'

module K1s0
  class CircuitBreaker
    # How a block was left that neither came to its end nor raised: by `break`, `return` or `throw`; by `Thread#kill`; or by a
    # `Timeout.timeout` around it, which up to the timeout gem's 0.4 throws (later it raises).
    module Leaving
      MARK = :k1s0_circuit_breaker_timeout

      # Notes a timeout that throws in this thread, and what for.
      module Noted
        def exception(*)
          # What it throws is a copy of what is waited for, with the place where it struck.
          Thread.current.thread_variable_set(MARK, [@catch_value, caller]) if thread == Thread.current
          super
        end
      end
      ::Timeout::Error.prepend(Noted) if ::Timeout::Error.method_defined?(:thread)

      module_function

      # Settles a call whose block was left so.
      def settle
        return yield(:cancelled) if Thread.current.status == 'aborting'

        thrown = Thread.current.thread_variable_get(MARK)
        thrown ? settle_thrown(thrown) { |outcome| yield(outcome) } : yield(:success)
      end

      # What was noted is on its way if there is still someone who waits for it. Who does not, is of an earlier time.
      def settle_thrown(thrown)
        outcome = :failure
        begin
          throw(*thrown)
        rescue UncaughtThrowError
          outcome = :success
          Thread.current.thread_variable_set(MARK, nil)
        ensure
          yield(outcome)
        end
      end
      private_class_method :settle_thrown
    end
    private_constant :Leaving
  end
end
