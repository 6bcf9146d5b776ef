"""What is measured with: a checkpoint of random weights, pictures and kinds of questions."""
