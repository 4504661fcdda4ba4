"""`python -m explore.jobs`: a worker for the workspace that the environment names."""

from explore.jobs.worker import main

if __name__ == "__main__":
    main()
