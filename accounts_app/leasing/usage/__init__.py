"""What is counted besides calls: the limits of projects, and jobs that end without their client."""
