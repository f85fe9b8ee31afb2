# frozen_string_literal: true

module K1s0
  class CircuitBreaker
    # One breaker's transitions, told in order, one after the other, outside every lock.
    #
    # Two threads may come here in the wrong order. Epochs have no gaps, so a transition waits for the one before it. One
    # thread at a time tells; who comes meanwhile, a listener that uses the breaker among them, leaves its own and goes.
    class Transitions
      FIRST_EPOCH = 1

      def initialize
        @lock = Mutex.new
        @listeners = []
        @waiting = {}
        @next = FIRST_EPOCH + 1
        @telling = false
        @process = Process.pid
      end

      # Answers something to call to be told no more.
      def add(listener)
        added = [listener]
        @lock.synchronize { @listeners += [added] }
        -> { @lock.synchronize { @listeners = @listeners.reject { |it| it.equal?(added) } } }
      end

      def tell(transition)
        return unless hand_over(transition)

        while (due = take)
          @listeners.each { |(listener)| tell_one(listener, due) }
        end
      end

      private

      # Whether nobody is telling; then we are.
      def hand_over(transition)
        @lock.synchronize do
          begin_anew(transition) if @process != Process.pid
          @waiting[transition.epoch] = transition
          return false if @telling

          @telling = true
        end
      end

      # In the child of a fork: who was telling does not go on, and what waited is told by the parent.
      def begin_anew(transition)
        @process = Process.pid
        @waiting = {}
        @next = transition.epoch
        @telling = false
      end

      def take
        @lock.synchronize do
          due = @waiting.delete(@next)
          due ? @next += 1 : @telling = false
          due
        end
      end

      # What a listener raises costs nobody else anything.
      def tell_one(listener, transition)
        listener.call(transition)
      rescue StandardError => e
        warn("k1s0 circuit breaker: a listener raised #{e.full_message(highlight: false)}")
      end
    end
    private_constant :Transitions
  end
end
