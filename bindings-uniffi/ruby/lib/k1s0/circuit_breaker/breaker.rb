# frozen_string_literal: true

module K1s0
  # Guards calls to another service: stops calling it while it is sick, and finds out by itself when it is well again.
  #
  # Any number of threads may use it at once, and so may the children of a fork, each with a copy of its own. It has no timers
  # and no threads.
  class CircuitBreaker
    # A closed breaker. The fields are those of the README's table; any may be left out.
    #
    # name:: is said in errors and events
    # clock:: answers nanoseconds since any fixed moment; by default the system's monotonic clock
    # classify_error:: says what an exception counts as: one of OUTCOMES, a Verdict, or nil for the default
    # classify_result:: says what a result counts as, nil for a success
    #
    # Raises ConfigError where a field is not what it may be.
    def initialize(name: nil, clock: Handle::MONOTONIC, classify_error: nil, classify_result: nil, **config)
      @handle = Handle.new(Config.new(config), clock, name)
      @classify_error = classify_error
      @classify_result = classify_result
    end

    # The name, if it was given one.
    def name = @handle.name

    # The state now, one of STATES: half-open as soon as the wait is over, though no call has come yet.
    def state = @handle.state

    # Whether the state is open.
    def open? = state == :open

    # Whether the state is closed.
    def closed? = state == :closed

    # Whether the state is half-open.
    def half_open? = state == :half_open

    # Calls the block if the circuit lets it, and answers what it does, unchanged. An exception out of it is a failure, a
    # `Timeout::Error` and a `Timeout.timeout` around this too; `Interrupt`, `SystemExit` and other signals, and a thread that is
    # killed, are cancelled. A block that is left by `break`, `return` or `throw` is a success.
    #
    # Raises Error if the block was not called.
    def call(&block)
      word = @handle.word
      return call_asked(&block) if word.odd?

      begin
        result = yield
        ended = true
      rescue Exception => e # rubocop:disable Lint/RescueException
        ended = true
        judge(word, 0, usual(e)) { @classify_error&.call(e) }
        raise
      ensure
        Leaving.settle { |outcome| @handle.settle(word, 0, outcome) } unless ended
      end
      if @classify_result
        judge(word, 0, :success) { @classify_result.call(result) }
      else
        @handle.succeed(word)
      end
      result
    end

    # A lambda that calls the block through this breaker.
    def wrap(&block)
      raise ArgumentError, 'no block' unless block

      ->(*arguments, **options) { call { block.call(*arguments, **options) } }
    end

    # Begins a call that ends elsewhere. Raises Error if the circuit does not let it.
    def acquire = Permit.new(@handle)

    # As `acquire`, and nil if the circuit does not let it.
    def try_acquire
      acquire
    rescue Error
      nil
    end

    # Records a success that no permit was taken for.
    def record_success = @handle.record(true)

    # Records a failure that no permit was taken for.
    def record_failure = @handle.record(false)

    # Closes the circuit, with nothing counted, and ends a forced mode.
    def reset = @handle.reset

    # Opens the circuit as a failure would; does nothing in a forced mode.
    def trip = @handle.trip

    # Rejects every call until `automatic` or `reset`.
    def force_open = @handle.force_open

    # Lets every call through and decides nothing until `automatic` or `reset`.
    def force_closed = @handle.force_closed

    # Ends a forced mode; what was underneath comes back.
    def automatic = @handle.automatic

    # Looks for calls that hang, where `count_hung_calls` is on. Admissions look by themselves; this is for when none come.
    def tick = @handle.tick

    # State and totals.
    def metrics = @handle.metrics

    # What it is doing, why, and what would change that.
    def explain = @handle.explain

    # The last transitions, at most 32, the oldest first.
    def recent_transitions = @handle.recent_transitions

    # Has the block told of every transition, in order, one after the other, by the thread that made it or one that is telling
    # already. Answers a lambda that ends that.
    def on_transition(&listener)
      raise ArgumentError, 'no block' unless listener

      @handle.transitions.add(listener)
    end

    def inspect = "#<#{self.class.name}#{" #{name}" if name} #{state}>"

    private

    # A call that holds a slot: what interrupts this thread from outside comes into the block only, and takes none with it.
    def call_asked
      Thread.handle_interrupt(Object => :never) do
        word, began = @handle.ask
        begin
          result = Thread.handle_interrupt(Object => :immediate) { yield }
          ended = true
        rescue Exception => e # rubocop:disable Lint/RescueException
          ended = true
          judge(word, began, usual(e)) { @classify_error&.call(e) }
          raise
        ensure
          Leaving.settle { |outcome| @handle.settle(word, began, outcome) } unless ended
        end
        judge(word, began, :success) { @classify_result&.call(result) }
        result
      end
    end

    # Settles as a classifier says. If it raises, that is the user's to see, and the call a failure.
    def judge(word, began, usual)
      outcome = :failure
      said = yield
      outcome, retry_after = said.is_a?(Verdict) ? said.to_a : [said || usual, nil]
    ensure
      @handle.settle(word, began, outcome, retry_after)
    end

    # What comes from outside of the call says nothing of the service.
    def usual(error)
      case error
      when SignalException, SystemExit then :cancelled
      else :failure
      end
    end
  end
end
