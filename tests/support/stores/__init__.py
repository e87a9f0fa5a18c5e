"""Object stores on loopback for tests: Google's and Amazon's protocols, with a log of the requests and faults on demand."""
