//! Work on several threads: results in the order of the work, or work ahead of the one who needs it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Scope;

/// Stack of threads that walk documents, in bytes: these may be 10,000 levels deep. Only what is used is ever touched.
pub(crate) const STACK: usize = 256 << 20;

/// Does something with every item, on several threads; results come in the order of the items.
pub(crate) fn map<T: Sync, R: Send>(threads: usize, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(items.len()));
    let run = || {
        let mut own = vec![];
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(number) else { break };
            own.push((number, work(item)));
        }
        done.lock().unwrap_or_else(PoisonError::into_inner).extend(own);
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(items.len()) {
            spawn(scope, run);
        }
        run();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Runs something on a thread with a stack that is large enough for the deepest document, and waits for it.
///
/// # Errors
///
/// No thread could be started.
pub(crate) fn on_own_stack<R: Send>(run: impl FnOnce() -> R + Send) -> std::io::Result<R> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run)?;
        Ok(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// Starts a thread; whether it could be had. Where it could not, those who are there do all the work.
fn spawn<'scope>(scope: &'scope Scope<'scope, '_>, run: impl FnOnce() + Send + 'scope) -> bool {
    std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run).is_ok()
}

/// Runs something that may hand tasks to helpers: they start when it calls its second argument, which says whether
/// there are any, and end with it.
pub(crate) fn with_helpers<R>(helpers: usize, run: impl FnOnce(&Queue, &dyn Fn() -> bool) -> R) -> R {
    let queue = Queue::default();
    std::thread::scope(|scope| {
        let queue = Closing(&queue);
        run(queue.0, &|| {
            queue.0.start(scope, helpers);
            queue.0.helpers() > 0
        })
    })
}

/// Closes the queue, however its user ends.
struct Closing<'a>(&'a Queue);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.change(|state| state.closed = true);
    }
}

/// What is to be done by whoever is free.
pub(crate) type Task = Box<dyn FnOnce(&Queue) + Send>;

/// Tasks in the order in which their results will be needed. Helpers take them from the front, and so does the thread
/// that waits for a result.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    helpers: AtomicUsize,
}

#[derive(Default)]
struct State {
    tasks: VecDeque<Task>,
    /// How many threads wait for a change.
    waiting: usize,
    closed: bool,
}

impl Queue {
    /// How many helpers there are.
    pub(crate) fn helpers(&self) -> usize {
        self.helpers.load(Ordering::Relaxed)
    }

    /// Starts helpers, if there are none; they work until the queue is closed.
    fn start<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>, helpers: usize) {
        if self.helpers() == 0 {
            let started = (0..helpers).filter(|_| spawn(scope, || self.help())).count();
            self.helpers.store(started, Ordering::Relaxed);
        }
    }

    /// Appends a task.
    pub(crate) fn push(&self, task: Task) {
        self.change(|state| state.tasks.push_back(task));
    }

    /// Puts tasks before all others.
    pub(crate) fn push_first(&self, tasks: impl DoubleEndedIterator<Item = Task>) {
        self.change(|state| tasks.rev().for_each(|task| state.tasks.push_front(task)));
    }

    /// Says that a result is there that somebody may wait for.
    pub(crate) fn announce(&self) {
        self.change(|_| ());
    }

    /// Waits for a result, and works off tasks as long as it is not there.
    pub(crate) fn wait<R>(&self, mut result: impl FnMut() -> Option<R>) -> R {
        let mut state = self.lock();
        loop {
            if let Some(result) = result() {
                return result;
            }
            state = self.step(state);
        }
    }

    fn help(&self) {
        let mut state = self.lock();
        while !state.closed {
            state = self.step(state);
        }
    }

    /// Does the first task, or waits for a change where there is none.
    fn step<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        if let Some(task) = state.tasks.pop_front() {
            drop(state);
            task(self);
            return self.lock();
        }
        state.waiting += 1;
        let mut state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        state
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        let waiting = state.waiting > 0;
        drop(state);
        if waiting {
            self.changed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..1000).collect();
        for threads in [1, 2, 8] {
            assert_eq!(map(threads, &items, |n| n * 2), (0..2000).step_by(2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn who_waits_gets_every_result_with_and_without_helpers() {
        for helpers in [0, 1, 7] {
            let sum = with_helpers(helpers, |queue, call| {
                assert_eq!(call(), helpers > 0);
                let done = Arc::new(AtomicUsize::new(0));
                for number in 0..100 {
                    let done = done.clone();
                    queue.push(Box::new(move |queue| {
                        let add = move |queue: &Queue| {
                            done.fetch_add(number, Ordering::SeqCst);
                            queue.announce();
                        };
                        queue.push_first([Box::new(add) as Task].into_iter());
                    }));
                }
                queue.wait(|| Some(done.load(Ordering::SeqCst)).filter(|sum| *sum == 4950))
            });
            assert_eq!(sum, 4950);
        }
    }

    #[test]
    fn helpers_end_with_their_user_whatever_is_left() {
        with_helpers(2, |queue, call| {
            call();
            (0..1000).for_each(|_| queue.push(Box::new(|_| ())));
        });
    }
}
