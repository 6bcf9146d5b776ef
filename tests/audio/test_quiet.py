import os
import threading

from audio.quiet import quiet_stderr


def test_stderr_leads_nowhere_inside_and_is_itself_again_afterwards(capfd):
    """What a C library writes inside is not seen; what comes before and after is."""
    os.write(2, b"before ")
    with quiet_stderr():
        os.write(2, b"inside ")
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"


def test_two_threads_that_overlap_leave_stderr_as_it_was(capfd):
    """The first one in may be the first one out: the other one stays quiet, and stderr comes back behind it."""
    first_is_in, second_is_in, first_is_out = (threading.Event() for _ in range(3))

    def second():
        first_is_in.wait(5)
        with quiet_stderr():
            second_is_in.set()
            first_is_out.wait(5)
            os.write(2, b"inside ")

    thread = threading.Thread(target=second)
    thread.start()
    with quiet_stderr():
        first_is_in.set()
        second_is_in.wait(5)
    first_is_out.set()
    thread.join()
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"
